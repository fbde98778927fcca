CREATE TABLE property (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
INSERT INTO property VALUES ('schema', '1');
CREATE TABLE namespace (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at INTEGER,
    created_by TEXT,
    updated_at INTEGER,
    audit_id INTEGER
  ) STRICT, WITHOUT ROWID;
INSERT INTO namespace VALUES ('public', 'there', '{}', NULL, NULL, NULL, NULL);
INSERT INTO namespace VALUES ('team-a', 'there', '{"title":"Team A","limits":{"instances":100}}', 1795187473292, 'root', 1795187473292, NULL);
CREATE TABLE token (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    earlier_digest TEXT,
    earlier_until INTEGER,
    expires_at INTEGER,
    ends_at INTEGER,
    used_at INTEGER,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
INSERT INTO token VALUES ('6nk8mPQyKw6T', 'UafVE2JqvwCiRT26bH1AUzQZBy4eroGlaoLNP1J8_Zo', NULL, NULL, NULL, NULL, 1795186800000, '{"name":"owner","grants":[{"scope":"register","ns":"public"},{"scope":"read","ns":"public"},{"scope":"register","ns":"team-a"},{"scope":"read","ns":"team-a"}],"pathWrite":false,"createdAt":1795187473379,"createdBy":"root"}');
CREATE INDEX token_by_end ON token (ends_at) WHERE ends_at IS NOT NULL;
CREATE TABLE ticket (
    digest TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    ends_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_by_token ON ticket (token, ends_at);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    address TEXT,
    ns TEXT,
    target TEXT,
    detail TEXT,
    outcome TEXT NOT NULL,
    code TEXT
  ) STRICT;
INSERT INTO audit VALUES (1, 1795187473291, 'namespace-created', 'root', NULL, 'team-a', NULL, 'Team A', 'done', NULL);
INSERT INTO audit VALUES (2, 1795187473380, 'token-created', 'root', NULL, NULL, '6nk8mPQyKw6T', 'owner', 'done', NULL);
INSERT INTO audit VALUES (3, 1795187473477, 'token-created', 'root', NULL, NULL, 'oKITS33O6UIG', 'ended', 'done', NULL);
INSERT INTO audit VALUES (4, 1795187473495, 'token-revoked', 'root', NULL, NULL, 'oKITS33O6UIG', 'ended', 'done', NULL);
INSERT INTO audit VALUES (5, 1795187473656, 'service-changed', 'root', NULL, 'public', 'DEFAULT_GROUP@@orders', NULL, 'done', NULL);
INSERT INTO audit VALUES (6, 1795187473668, 'overridden', 'root', NULL, 'public', 'DEFAULT_GROUP@@orders/leaves', NULL, 'done', NULL);
INSERT INTO audit VALUES (7, 1795187473696, 'quarantined', 'root', NULL, 'public', 'people@@users/a', 'bad disk', 'done', NULL);
CREATE INDEX audit_by_namespace ON audit (ns) WHERE ns IS NOT NULL;
CREATE TABLE errand (
    ns TEXT NOT NULL,
    kind TEXT NOT NULL,
    token TEXT NOT NULL,
    round INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (ns, kind, token)
  ) STRICT, WITHOUT ROWID;
CREATE INDEX errand_by_time ON errand (due_at);
CREATE TABLE _cf_METADATA (
        key INTEGER PRIMARY KEY,
        value BLOB
      );
INSERT INTO _cf_METADATA VALUES (1, 1829747473291000000);
