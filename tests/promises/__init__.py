"""One page a promise of the program: nothing lost, nothing twice, never silent."""
