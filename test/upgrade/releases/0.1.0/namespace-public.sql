CREATE TABLE property (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
INSERT INTO property VALUES ('epoch', 'F7gbDS-IL9kw');
INSERT INTO property VALUES ('schema', '1');
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
INSERT INTO record VALUES (1, 'DEFAULT_GROUP', 'orders', '', 3, 0, NULL, NULL, 1795187473659, '{"definition":{"metadata":{"owner":"payments"},"protectThreshold":0.5},"createdRevision":3}');
INSERT INTO record VALUES (2, 'DEFAULT_GROUP', 'orders', 'leaves', 4, 0, NULL, NULL, 1795187473671, '{"override":{"weight":3},"actor":"root","updatedAt":1795187473671}');
INSERT INTO record VALUES (2, 'people', 'users', 'a', 8, 0, NULL, NULL, 1795187473697, '{"override":{"quarantine":{"reason":"bad disk"}},"actor":"root","updatedAt":1795187473697}');
INSERT INTO record VALUES (3, 'DEFAULT_GROUP', 'orders', 'beats', 6, 3, 0, NULL, 1795187473559, '{"definition":{"address":"10.0.0.7","port":8080,"ports":{"admin":{"port":9090,"secure":true}},"weight":2,"metadata":{"a key":"ein \"Wert\" 🧀"},"tags":["blue","canary"],"version":"1.2.3","location":{"region":"eu","zone":"eu-1"},"extensions":{"nacos":{"any":[1,null,"thing"]}}},"owner":"6nk8mPQyKw6T","createdRevision":1,"registeredAt":1795187473559,"updatedAt":1795187473685,"changes":2}');
INSERT INTO record VALUES (3, 'DEFAULT_GROUP', 'orders', 'falls-silent', 10, 3, 3, '{"ttlMs":12000,"removeAfterMs":12000,"intervalMs":4000}', 1795187473749, '{"definition":{"address":"10.0.0.10","port":1,"lease":{"ttlMs":12000,"removeAfterMs":12000,"intervalMs":4000}},"owner":"6nk8mPQyKw6T","createdRevision":10,"registeredAt":1795187473749}');
INSERT INTO record VALUES (3, 'DEFAULT_GROUP', 'orders', 'in-session', 9, 19, 2, '{"ttlMs":45000,"removeAfterMs":45000,"intervalMs":15000}', 1795187473737, '{"definition":{"address":"10.0.0.9","port":8080,"lease":{"ttlMs":45000,"removeAfterMs":45000,"intervalMs":15000}},"owner":"6nk8mPQyKw6T","createdRevision":9,"registeredAt":1795187473737,"session":"QhwRZ_ntf30HrgDOPiXJnw"}');
INSERT INTO record VALUES (3, 'DEFAULT_GROUP', 'orders', 'leaves', 5, 0, NULL, NULL, 1795187473681, NULL);
INSERT INTO record VALUES (3, 'people', 'users', 'a', 7, 3, NULL, NULL, 1795187473691, '{"definition":{"url":"https://users.example/a","lease":null},"owner":"6nk8mPQyKw6T","createdRevision":7,"registeredAt":1795187473691}');
INSERT INTO record VALUES (3, 'people', 'users', 'b', 7, 3, 1, '{"ttlMs":600000,"removeAfterMs":null,"intervalMs":200000}', 1795187473691, '{"definition":{"url":"https://users.example/b","lease":{"ttlMs":600000,"removeAfterMs":null,"intervalMs":200000}},"owner":"6nk8mPQyKw6T","createdRevision":7,"registeredAt":1795187473691}');
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
INSERT INTO journal VALUES (1, 0, 1795187473559, 'registered', '6nk8mPQyKw6T', 696125991, 506, '[{"kind":"instance","group":"DEFAULT_GROUP","service":"orders","id":"beats","cause":"registered","previous":0,"servicePrevious":0,"before":null,"after":{"definition":{"address":"10.0.0.7","port":8080,"ports":{"admin":{"port":9090,"secure":true}},"metadata":{"a key":"ein \"Wert\" 🧀","team":"Käse"},"tags":["blue","canary"],"version":"1.2.3","location":{"region":"eu","zone":"eu-1"},"extensions":{"nacos":{"any":[1,null,"thing"]}}},"owner":"6nk8mPQyKw6T","createdRevision":1,"registeredAt":1795187473559}}]');
INSERT INTO journal VALUES (2, 0, 1795187473634, 'registered', '6nk8mPQyKw6T', 829558713, 782, '[{"kind":"instance","group":"DEFAULT_GROUP","service":"orders","id":"leaves","cause":"registered","previous":0,"servicePrevious":1,"before":null,"after":{"definition":{"address":"10.0.0.8","port":8080},"owner":"6nk8mPQyKw6T","createdRevision":2,"registeredAt":1795187473634}}]');
INSERT INTO journal VALUES (3, 0, 1795187473659, 'registered', 'root', 320921381, 1021, '[{"kind":"service","group":"DEFAULT_GROUP","service":"orders","id":"","cause":"registered","previous":0,"servicePrevious":2,"before":null,"after":{"definition":{"metadata":{"owner":"payments"},"protectThreshold":0.5},"createdRevision":3}}]');
INSERT INTO journal VALUES (4, 0, 1795187473671, 'overridden', 'root', 4237182521, 1242, '[{"kind":"override","group":"DEFAULT_GROUP","service":"orders","id":"leaves","cause":"overridden","previous":0,"servicePrevious":3,"before":null,"after":{"override":{"weight":3},"actor":"root","updatedAt":1795187473671}}]');
INSERT INTO journal VALUES (5, 0, 1795187473681, 'deregistered', '6nk8mPQyKw6T', 1545904563, 1599, '[{"kind":"instance","group":"DEFAULT_GROUP","service":"orders","id":"leaves","cause":"deregistered","previous":2,"servicePrevious":4,"renewals":{"lastAt":1795187473634,"longestGapMs":0,"gapsSince":1795187473634},"before":{"definition":{"address":"10.0.0.8","port":8080},"owner":"6nk8mPQyKw6T","createdRevision":2,"registeredAt":1795187473634},"after":null}]');
INSERT INTO journal VALUES (6, 0, 1795187473685, 'updated', '6nk8mPQyKw6T', 2049860885, 2485, '[{"kind":"instance","group":"DEFAULT_GROUP","service":"orders","id":"beats","cause":"updated","previous":1,"servicePrevious":5,"before":{"definition":{"address":"10.0.0.7","port":8080,"ports":{"admin":{"port":9090,"secure":true}},"metadata":{"a key":"ein \"Wert\" 🧀","team":"Käse"},"tags":["blue","canary"],"version":"1.2.3","location":{"region":"eu","zone":"eu-1"},"extensions":{"nacos":{"any":[1,null,"thing"]}}},"owner":"6nk8mPQyKw6T","createdRevision":1,"registeredAt":1795187473559},"after":{"definition":{"address":"10.0.0.7","port":8080,"ports":{"admin":{"port":9090,"secure":true}},"weight":2,"metadata":{"a key":"ein \"Wert\" 🧀"},"tags":["blue","canary"],"version":"1.2.3","location":{"region":"eu","zone":"eu-1"},"extensions":{"nacos":{"any":[1,null,"thing"]}}},"owner":"6nk8mPQyKw6T","createdRevision":1,"registeredAt":1795187473559,"updatedAt":1795187473685,"changes":2}}]');
INSERT INTO journal VALUES (7, 0, 1795187473691, 'registered', '6nk8mPQyKw6T', 1066871515, 3087, '[{"kind":"instance","group":"people","service":"users","id":"a","cause":"registered","previous":0,"servicePrevious":0,"before":null,"after":{"definition":{"url":"https://users.example/a","lease":null},"owner":"6nk8mPQyKw6T","createdRevision":7,"registeredAt":1795187473691}},{"kind":"instance","group":"people","service":"users","id":"b","cause":"registered","previous":0,"servicePrevious":0,"before":null,"after":{"definition":{"url":"https://users.example/b","lease":{"ttlMs":600000,"removeAfterMs":null,"intervalMs":200000}},"owner":"6nk8mPQyKw6T","createdRevision":7,"registeredAt":1795187473691}}]');
INSERT INTO journal VALUES (8, 0, 1795187473697, 'quarantined', 'root', 3125543526, 3320, '[{"kind":"override","group":"people","service":"users","id":"a","cause":"quarantined","previous":0,"servicePrevious":7,"before":null,"after":{"override":{"quarantine":{"reason":"bad disk"}},"actor":"root","updatedAt":1795187473697}}]');
INSERT INTO journal VALUES (9, 0, 1795187473737, 'registered', '6nk8mPQyKw6T', 2318678459, 3700, '[{"kind":"instance","group":"DEFAULT_GROUP","service":"orders","id":"in-session","cause":"registered","previous":0,"servicePrevious":6,"before":null,"after":{"definition":{"address":"10.0.0.9","port":8080,"lease":{"ttlMs":45000,"removeAfterMs":45000,"intervalMs":15000}},"owner":"6nk8mPQyKw6T","createdRevision":9,"registeredAt":1795187473737,"session":"QhwRZ_ntf30HrgDOPiXJnw"}}]');
INSERT INTO journal VALUES (10, 0, 1795187473749, 'registered', '6nk8mPQyKw6T', 3409079854, 4045, '[{"kind":"instance","group":"DEFAULT_GROUP","service":"orders","id":"falls-silent","cause":"registered","previous":0,"servicePrevious":9,"before":null,"after":{"definition":{"address":"10.0.0.10","port":1,"lease":{"ttlMs":12000,"removeAfterMs":12000,"intervalMs":4000}},"owner":"6nk8mPQyKw6T","createdRevision":10,"registeredAt":1795187473749}}]');
CREATE TABLE checkpoint (
    row INTEGER PRIMARY KEY,
    state TEXT,
    at INTEGER,
    shift_ms INTEGER,
    process TEXT,
    leases BLOB
  ) STRICT;
INSERT INTO checkpoint VALUES (0, 'open', 1795187473736, 0, '6d4f98b1-caac-424d-b577-bf78c9534ef0', NULL);
CREATE TABLE session (
    key TEXT PRIMARY KEY,
    secret_digest TEXT NOT NULL,
    token TEXT NOT NULL,
    lease INTEGER NOT NULL,
    ttl_ms INTEGER NOT NULL,
    timed_at INTEGER NOT NULL,
    closed INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
INSERT INTO session VALUES ('QhwRZ_ntf30HrgDOPiXJnw', 'a756ce3830ede5368b661be63b02a69bd378f2581da8cc47e86183670578ddc3', '6nk8mPQyKw6T', 2, 45000, 1795187473723, 0);
CREATE TABLE _cf_METADATA (
        key INTEGER PRIMARY KEY,
        value BLOB
      );
INSERT INTO _cf_METADATA VALUES (1, 1795187485749000000);
