BEGIN TRANSACTION;
CREATE TABLE alarm (
	"key" VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	number VARCHAR NOT NULL, 
	cause VARCHAR NOT NULL, 
	raised_at DATETIME NOT NULL, 
	told_at DATETIME, 
	told_by VARCHAR NOT NULL, 
	recovered_at DATETIME, 
	recovered_text VARCHAR NOT NULL, 
	recovery_told_at DATETIME, 
	CONSTRAINT pk_alarm PRIMARY KEY ("key")
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE attachment (
	id INTEGER NOT NULL, 
	inbound_id INTEGER NOT NULL, 
	path VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	content_type VARCHAR NOT NULL, 
	size INTEGER NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	evidence BOOLEAN NOT NULL, 
	problem VARCHAR NOT NULL, 
	CONSTRAINT pk_attachment PRIMARY KEY (id), 
	CONSTRAINT fk_attachment_inbound_id_inbound FOREIGN KEY(inbound_id) REFERENCES inbound (id)
);
CREATE TABLE complaint (
	id INTEGER NOT NULL, 
	number VARCHAR NOT NULL, 
	series VARCHAR NOT NULL, 
	year INTEGER NOT NULL, 
	rank INTEGER NOT NULL, 
	nature VARCHAR NOT NULL, 
	stage VARCHAR NOT NULL, 
	cycle INTEGER NOT NULL, 
	received_at DATETIME NOT NULL, 
	opened_at DATETIME NOT NULL, 
	complainant_addr VARCHAR NOT NULL, 
	complainant_domain VARCHAR NOT NULL, 
	complainant_name VARCHAR NOT NULL, 
	complainant_type VARCHAR NOT NULL, 
	subtype VARCHAR NOT NULL, 
	authenticated BOOLEAN NOT NULL, 
	language VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	training VARCHAR NOT NULL, 
	wish VARCHAR NOT NULL, 
	wish_state VARCHAR NOT NULL, 
	phone VARCHAR NOT NULL, 
	deadline DATE, 
	alerts JSON NOT NULL, 
	copied JSON NOT NULL, 
	sensitive BOOLEAN NOT NULL, 
	urgent BOOLEAN NOT NULL, 
	on_behalf VARCHAR NOT NULL, 
	"conflict" BOOLEAN NOT NULL, 
	unverified_reference VARCHAR NOT NULL, 
	assignee VARCHAR NOT NULL, 
	due_on DATE, 
	provisional BOOLEAN NOT NULL, 
	calendar VARCHAR NOT NULL, 
	ack_state VARCHAR NOT NULL, 
	ack_at DATETIME, 
	ack_late BOOLEAN NOT NULL, 
	no_ack VARCHAR NOT NULL, 
	linked_to VARCHAR NOT NULL, 
	asked_other_address VARCHAR NOT NULL, 
	staff_named VARCHAR NOT NULL, 
	CONSTRAINT pk_complaint PRIMARY KEY (id), 
	CONSTRAINT uq_complaint_number UNIQUE (number), 
	CONSTRAINT uq_complaint_series_year_rank UNIQUE (series, year, rank)
);
CREATE TABLE counter (
	series VARCHAR NOT NULL, 
	year INTEGER NOT NULL, 
	n INTEGER NOT NULL, 
	CONSTRAINT pk_counter PRIMARY KEY (series, year)
);
CREATE TABLE due (
	"key" VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	complaint_id INTEGER, 
	inbound_id INTEGER, 
	facts JSON NOT NULL, 
	cause VARCHAR NOT NULL, 
	done_at DATETIME, 
	CONSTRAINT pk_due PRIMARY KEY ("key"), 
	CONSTRAINT fk_due_complaint_id_complaint FOREIGN KEY(complaint_id) REFERENCES complaint (id), 
	CONSTRAINT fk_due_inbound_id_inbound FOREIGN KEY(inbound_id) REFERENCES inbound (id)
);
CREATE TABLE inbound (
	id INTEGER NOT NULL, 
	raw_id INTEGER NOT NULL, 
	account VARCHAR NOT NULL, 
	folder VARCHAR NOT NULL, 
	received_at DATETIME NOT NULL, 
	kept_at DATETIME NOT NULL, 
	truncated BOOLEAN NOT NULL, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	verdict VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	waiting BOOLEAN NOT NULL, 
	decided_at DATETIME, 
	complaint_id INTEGER, 
	message_id VARCHAR NOT NULL, 
	fingerprint VARCHAR NOT NULL, 
	from_addr VARCHAR NOT NULL, 
	from_name VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	date_header DATETIME, 
	proof VARCHAR NOT NULL, 
	CONSTRAINT pk_inbound PRIMARY KEY (id), 
	CONSTRAINT fk_inbound_complaint_id_complaint FOREIGN KEY(complaint_id) REFERENCES complaint (id), 
	CONSTRAINT fk_inbound_raw_id_raw FOREIGN KEY(raw_id) REFERENCES raw (id), 
	CONSTRAINT uq_inbound_raw_id UNIQUE (raw_id)
);
CREATE TABLE journal (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	complaint_id INTEGER, 
	number VARCHAR NOT NULL, 
	event VARCHAR NOT NULL, 
	actor VARCHAR NOT NULL, 
	cause VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	head VARCHAR NOT NULL, 
	CONSTRAINT pk_journal PRIMARY KEY (id), 
	CONSTRAINT fk_journal_complaint_id_complaint FOREIGN KEY(complaint_id) REFERENCES complaint (id)
);
CREATE TABLE journaltext (
	journal_id INTEGER NOT NULL, 
	salt VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	CONSTRAINT pk_journaltext PRIMARY KEY (journal_id), 
	CONSTRAINT fk_journaltext_journal_id_journal FOREIGN KEY(journal_id) REFERENCES journal (id)
);
CREATE TABLE letter (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	complaint_id INTEGER, 
	to_addr VARCHAR NOT NULL, 
	envelope_to VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	facts JSON NOT NULL, 
	"attach" JSON NOT NULL, 
	in_reply_to VARCHAR NOT NULL, 
	refs JSON NOT NULL, 
	due_on DATE, 
	printed_on DATE, 
	subject VARCHAR NOT NULL, 
	message_id VARCHAR NOT NULL, 
	marker VARCHAR NOT NULL, 
	raw BLOB NOT NULL, 
	state VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	next_try_at DATETIME NOT NULL, 
	attempts INTEGER NOT NULL, 
	repeats INTEGER NOT NULL, 
	lease_until DATETIME, 
	data_begun_at DATETIME, 
	data_attempt INTEGER NOT NULL, 
	settled_at DATETIME, 
	answer VARCHAR NOT NULL, 
	queue_id VARCHAR NOT NULL, 
	bounced_at DATETIME, 
	cause VARCHAR NOT NULL, 
	CONSTRAINT pk_letter PRIMARY KEY (id), 
	CONSTRAINT fk_letter_complaint_id_complaint FOREIGN KEY(complaint_id) REFERENCES complaint (id), 
	CONSTRAINT uq_letter_marker UNIQUE (marker), 
	CONSTRAINT uq_letter_message_id UNIQUE (message_id), 
	CONSTRAINT uq_letter_name UNIQUE (name)
);
CREATE TABLE letterkey (
	"key" VARCHAR NOT NULL, 
	letter_id INTEGER NOT NULL, 
	CONSTRAINT pk_letterkey PRIMARY KEY ("key"), 
	CONSTRAINT fk_letterkey_letter_id_letter FOREIGN KEY(letter_id) REFERENCES letter (id)
);
CREATE TABLE meta (
	"key" VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
CREATE TABLE place (
	id INTEGER NOT NULL, 
	account VARCHAR NOT NULL, 
	folder VARCHAR NOT NULL, 
	uidvalidity INTEGER NOT NULL, 
	uid INTEGER NOT NULL, 
	inbound_id INTEGER, 
	state VARCHAR NOT NULL, 
	seen_at DATETIME NOT NULL, 
	gone_at DATETIME, 
	moved_to VARCHAR NOT NULL, 
	CONSTRAINT pk_place PRIMARY KEY (id), 
	CONSTRAINT fk_place_inbound_id_inbound FOREIGN KEY(inbound_id) REFERENCES inbound (id), 
	CONSTRAINT uq_place_account_folder_uidvalidity_uid UNIQUE (account, folder, uidvalidity, uid)
);
CREATE TABLE raw (
	id INTEGER NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	size INTEGER NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_raw PRIMARY KEY (id), 
	CONSTRAINT uq_raw_sha256 UNIQUE (sha256)
);
CREATE INDEX ix_complaint_assignee ON complaint (assignee);
CREATE INDEX ix_complaint_complainant_addr ON complaint (complainant_addr);
CREATE INDEX ix_complaint_complainant_domain ON complaint (complainant_domain);
CREATE INDEX ix_complaint_due_on ON complaint (due_on);
CREATE INDEX ix_complaint_received_at ON complaint (received_at);
CREATE INDEX ix_complaint_stage ON complaint (stage);
CREATE INDEX ix_complaint_training ON complaint (training);
CREATE INDEX ix_inbound_complaint_id ON inbound (complaint_id);
CREATE INDEX ix_inbound_decided_at ON inbound (decided_at);
CREATE INDEX ix_inbound_fingerprint ON inbound (fingerprint);
CREATE INDEX ix_inbound_message_id ON inbound (message_id);
CREATE INDEX ix_inbound_received_at ON inbound (received_at);
CREATE INDEX ix_inbound_sender ON inbound (from_addr, received_at);
CREATE INDEX ix_inbound_state ON inbound (state, received_at);
CREATE INDEX ix_inbound_waiting ON inbound (waiting);
CREATE INDEX ix_journal_complaint_id ON journal (complaint_id);
CREATE INDEX ix_letter_complaint_id ON letter (complaint_id);
CREATE INDEX ix_letter_lease_until ON letter (lease_until);
CREATE INDEX ix_letter_recipient ON letter (to_addr, created_at);
CREATE INDEX ix_letter_todo ON letter (state, next_try_at);
CREATE INDEX ix_attachment_inbound_id ON attachment (inbound_id);
CREATE INDEX ix_attachment_sha256 ON attachment (sha256);
CREATE INDEX ix_due_complaint_id ON due (complaint_id);
CREATE INDEX ix_due_inbound_id ON due (inbound_id);
CREATE INDEX ix_due_open ON due (done_at, at);
CREATE INDEX ix_letterkey_letter_id ON letterkey (letter_id);
CREATE INDEX ix_place_inbound_id ON place (inbound_id);
COMMIT;
