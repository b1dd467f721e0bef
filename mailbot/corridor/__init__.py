"""The shell around the pure rooms: walks mails, due rows and letters through them, one transaction a decision."""
