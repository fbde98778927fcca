CREATE TABLE property (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
INSERT INTO property VALUES ('epoch', 'Ixr4BguZGUeA');
INSERT INTO property VALUES ('schema', '1');
INSERT INTO property VALUES ('settings', '{"retention":{},"limits":{"instances":100}}');
CREATE TABLE record (
    kind INTEGER NOT NULL,
    group_name TEXT NOT NULL,
    service TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    lease INTEGER,
    lease_terms TEXT,
    timed_at INTEGER NOT NULL,
    value TEXT,
    PRIMARY KEY (kind, group_name, service, id)
  ) STRICT, WITHOUT ROWID;
INSERT INTO record VALUES (3, 'DEFAULT_GROUP', 's', 'one', 1, 3, 0, NULL, 1795187473702, '{"definition":{"address":"10.1.0.1","port":1},"owner":"6nk8mPQyKw6T","createdRevision":1,"registeredAt":1795187473702}');
CREATE TABLE journal (
    revision INTEGER NOT NULL,
    part INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause TEXT NOT NULL,
    actor TEXT NOT NULL,
    check_bits INTEGER NOT NULL,
    size_until INTEGER NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (revision, part)
  ) STRICT, WITHOUT ROWID;
INSERT INTO journal VALUES (1, 0, 1795187473702, 'registered', '6nk8mPQyKw6T', 3896173517, 265, '[{"kind":"instance","group":"DEFAULT_GROUP","service":"s","id":"one","cause":"registered","previous":0,"servicePrevious":0,"before":null,"after":{"definition":{"address":"10.1.0.1","port":1},"owner":"6nk8mPQyKw6T","createdRevision":1,"registeredAt":1795187473702}}]');
CREATE TABLE checkpoint (
    row INTEGER PRIMARY KEY,
    state TEXT,
    at INTEGER,
    shift_ms INTEGER,
    process TEXT,
    leases BLOB
  ) STRICT;
INSERT INTO checkpoint VALUES (0, 'closed', 1795187473299, 0, '6d4f98b1-caac-424d-b577-bf78c9534ef0', NULL);
CREATE TABLE session (
    key TEXT PRIMARY KEY,
    secret_digest TEXT NOT NULL,
    token TEXT NOT NULL,
    lease INTEGER NOT NULL,
    ttl_ms INTEGER NOT NULL,
    timed_at INTEGER NOT NULL,
    closed INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
CREATE TABLE _cf_METADATA (
        key INTEGER PRIMARY KEY,
        value BLOB
      );
INSERT INTO _cf_METADATA VALUES (1, 1795187503702000000);
