CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

INSERT INTO "alembic_version" VALUES('0006');

CREATE TABLE catalogue_series (
	study_uid TEXT NOT NULL, 
	series_uid TEXT NOT NULL, 
	attributes BLOB NOT NULL, 
	PRIMARY KEY (study_uid, series_uid)
);

CREATE TABLE catalogue_study (
	study_uid TEXT NOT NULL, 
	study_date TEXT NOT NULL, 
	patient_id TEXT NOT NULL, 
	names TEXT NOT NULL, 
	accession TEXT NOT NULL, 
	attributes BLOB NOT NULL, 
	PRIMARY KEY (study_uid)
);

CREATE TABLE delivery (
	id TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	recipient TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	focus TEXT NOT NULL, 
	focus_version INTEGER NOT NULL, 
	channel TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	created INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	receipt TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_attempt INTEGER NOT NULL, 
	last_error TEXT NOT NULL, 
	failure TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	sent INTEGER, 
	PRIMARY KEY (id)
);

CREATE TABLE dicom_instance (
	sop_uid TEXT NOT NULL, 
	object TEXT NOT NULL, 
	study_uid TEXT NOT NULL, 
	series_uid TEXT NOT NULL, 
	sop_class TEXT NOT NULL, 
	transfer_syntax TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	received INTEGER NOT NULL, 
	calling_ae TEXT NOT NULL, 
	aside SMALLINT NOT NULL, 
	header BLOB NOT NULL, 
	PRIMARY KEY (sop_uid, object)
);

CREATE TABLE dicom_metadata (
	series_uid TEXT NOT NULL, 
	study_uid TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	checksum INTEGER NOT NULL, 
	size INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	PRIMARY KEY (series_uid, study_uid)
);

CREATE TABLE dicom_rejected (
	sop_uid TEXT NOT NULL, 
	note_uid TEXT NOT NULL, 
	PRIMARY KEY (sop_uid)
);

CREATE TABLE dicom_study (
	study_uid TEXT NOT NULL, 
	first_received INTEGER NOT NULL, 
	last_received INTEGER NOT NULL, 
	instances INTEGER NOT NULL, 
	pending SMALLINT NOT NULL, listed SMALLINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (study_uid)
);

CREATE TABLE follower (
	name TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	PRIMARY KEY (name)
);

CREATE TABLE index_composite (
	param INTEGER NOT NULL, 
	code TEXT NOT NULL, 
	code2 TEXT NOT NULL, 
	low DOUBLE NOT NULL, 
	high DOUBLE NOT NULL, 
	system TEXT NOT NULL, 
	system2 TEXT NOT NULL, 
	low3 DOUBLE NOT NULL, 
	high3 DOUBLE NOT NULL, 
	rid INTEGER NOT NULL, 
	PRIMARY KEY (param, code, code2, low, high, system, system2, low3, high3, rid)
)
 WITHOUT ROWID

;

CREATE TABLE index_date (
	param INTEGER NOT NULL, 
	span SMALLINT NOT NULL, 
	low INTEGER NOT NULL, 
	high INTEGER NOT NULL, 
	rid INTEGER NOT NULL, 
	PRIMARY KEY (param, span, low, high, rid)
)
 WITHOUT ROWID

;

CREATE TABLE index_quantity (
	param INTEGER NOT NULL, 
	span SMALLINT NOT NULL, 
	low DOUBLE NOT NULL, 
	high DOUBLE NOT NULL, 
	code TEXT NOT NULL, 
	system TEXT NOT NULL, 
	rid INTEGER NOT NULL, 
	PRIMARY KEY (param, span, low, high, code, system, rid)
)
 WITHOUT ROWID

;

CREATE TABLE index_reference (
	target_id TEXT NOT NULL, 
	target_type TEXT NOT NULL, 
	param INTEGER NOT NULL, 
	rid INTEGER NOT NULL, 
	PRIMARY KEY (target_id, target_type, param, rid)
)
 WITHOUT ROWID

;

CREATE TABLE index_state (
	type TEXT NOT NULL, 
	filled TEXT NOT NULL, 
	wanted TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	done INTEGER NOT NULL, 
	total INTEGER NOT NULL, 
	PRIMARY KEY (type)
);

CREATE TABLE index_string (
	param INTEGER NOT NULL, 
	folded TEXT NOT NULL, 
	exact TEXT NOT NULL, 
	rid INTEGER NOT NULL, 
	PRIMARY KEY (param, folded, exact, rid)
)
 WITHOUT ROWID

;

CREATE TABLE index_token (
	param INTEGER NOT NULL, 
	code TEXT NOT NULL, 
	system TEXT NOT NULL, 
	rid INTEGER NOT NULL, 
	PRIMARY KEY (param, code, system, rid)
)
 WITHOUT ROWID

;

CREATE TABLE index_uri (
	param INTEGER NOT NULL, 
	uri TEXT NOT NULL, 
	rid INTEGER NOT NULL, 
	PRIMARY KEY (param, uri, rid)
)
 WITHOUT ROWID

;

CREATE TABLE index_word (
	param INTEGER NOT NULL, 
	word TEXT NOT NULL, 
	rid INTEGER NOT NULL, 
	PRIMARY KEY (param, word, rid)
)
 WITHOUT ROWID

;

CREATE TABLE journal (
	id INTEGER NOT NULL, 
	received INTEGER NOT NULL, 
	door TEXT NOT NULL, 
	peer TEXT NOT NULL, 
	sender TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	control_id TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	size INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	answer TEXT NOT NULL, 
	took INTEGER NOT NULL, 
	replay_of INTEGER, 
	issues BLOB NOT NULL, 
	resources BLOB NOT NULL, 
	reply BLOB NOT NULL, 
	object TEXT, 
	raw BLOB, mapped INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id)
);

CREATE TABLE journal_answer (
	entry INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	committed INTEGER NOT NULL, 
	answered INTEGER NOT NULL, 
	PRIMARY KEY (entry)
);

CREATE TABLE journal_seen (
	entry INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	who TEXT NOT NULL, 
	PRIMARY KEY (entry)
);

CREATE TABLE local_code (
	sender TEXT NOT NULL, 
	system TEXT NOT NULL, 
	code TEXT NOT NULL, 
	field TEXT NOT NULL, 
	display TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	first_seen INTEGER NOT NULL, 
	last_seen INTEGER NOT NULL, 
	PRIMARY KEY (sender, system, code, field)
);

CREATE TABLE number_given (
	name TEXT NOT NULL, 
	last INTEGER NOT NULL, 
	PRIMARY KEY (name)
);

CREATE TABLE object_landed (
	sha256 TEXT NOT NULL, 
	landed INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	PRIMARY KEY (sha256)
);

CREATE TABLE procedure_step (
	sop_uid TEXT NOT NULL, 
	status TEXT NOT NULL, 
	study_uid TEXT NOT NULL, 
	changed INTEGER NOT NULL, 
	attributes BLOB NOT NULL, 
	PRIMARY KEY (sop_uid)
);

CREATE TABLE resource (
	rid INTEGER NOT NULL, 
	type TEXT NOT NULL, 
	id TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	deleted SMALLINT NOT NULL, 
	digest BLOB NOT NULL, updated INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (rid)
);

CREATE TABLE resource_version (
	seq INTEGER NOT NULL, 
	rid INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	updated INTEGER NOT NULL, 
	method TEXT NOT NULL, 
	content BLOB NOT NULL, 
	PRIMARY KEY (seq)
);

CREATE TABLE storage_commitment (
	transaction_uid TEXT NOT NULL, 
	peer TEXT NOT NULL, 
	received INTEGER NOT NULL, 
	attributes BLOB NOT NULL, 
	PRIMARY KEY (transaction_uid, peer)
);

CREATE TABLE worklist (
	id TEXT NOT NULL, 
	order_id TEXT NOT NULL, 
	patient_ref TEXT NOT NULL, 
	starts TEXT NOT NULL, 
	modality TEXT NOT NULL, 
	patient_id TEXT NOT NULL, 
	names TEXT NOT NULL, 
	accession TEXT NOT NULL, 
	study_uid TEXT NOT NULL, 
	attributes BLOB NOT NULL, 
	PRIMARY KEY (id)
);

CREATE INDEX delivery_open ON delivery (state, recipient, seq);

CREATE UNIQUE INDEX delivery_order ON delivery (seq);

CREATE INDEX delivery_focus ON delivery (focus);

CREATE INDEX delivery_subject ON delivery (subject, state);

CREATE INDEX dicom_instance_study ON dicom_instance (study_uid, series_uid);

CREATE INDEX dicom_study_open ON dicom_study (pending, last_received);

CREATE INDEX journal_control ON journal (sender, control_id);

CREATE INDEX journal_state ON journal (state, id);

CREATE UNIQUE INDEX resource_identity ON resource (type, id);

CREATE UNIQUE INDEX resource_version_history ON resource_version (rid, version);

CREATE INDEX resource_order ON resource (type, rid) WHERE deleted = 0;

CREATE INDEX resource_updated ON resource (type, updated, rid) WHERE deleted = 0;

CREATE INDEX index_date_resource ON index_date (rid, param);

CREATE INDEX index_token_resource ON index_token (rid, param);

CREATE INDEX index_string_resource ON index_string (rid, param);

CREATE INDEX index_reference_resource ON index_reference (rid, param);

CREATE INDEX index_uri_resource ON index_uri (rid, param);

CREATE INDEX index_quantity_resource ON index_quantity (rid, param);

CREATE INDEX index_composite_resource ON index_composite (rid, param);

CREATE INDEX index_word_resource ON index_word (rid, param);

CREATE INDEX journal_kind ON journal (kind, id);

CREATE INDEX journal_received ON journal (received);

CREATE INDEX journal_replay ON journal (replay_of) WHERE replay_of IS NOT NULL;

CREATE INDEX dicom_study_unlisted ON dicom_study (study_uid) WHERE listed = 0;

CREATE INDEX catalogue_study_order ON catalogue_study (study_date, study_uid);

CREATE INDEX catalogue_study_patient ON catalogue_study (patient_id);

CREATE INDEX catalogue_study_accession ON catalogue_study (accession);

CREATE INDEX catalogue_series_uid ON catalogue_series (series_uid);

CREATE INDEX worklist_order_id ON worklist (order_id);

CREATE INDEX worklist_patient_ref ON worklist (patient_ref);

CREATE INDEX worklist_starts ON worklist (starts);

CREATE INDEX worklist_patient_id ON worklist (patient_id);

CREATE INDEX worklist_accession ON worklist (accession);

CREATE INDEX worklist_study_uid ON worklist (study_uid);

CREATE INDEX object_landed_order ON object_landed (landed);

CREATE INDEX dicom_metadata_study ON dicom_metadata (study_uid);

