package main

import (
	"fmt"
	"strings"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/etcdserver/api/v3rpc/rpctypes"
	"go.etcd.io/etcd/mvcc/mvccpb"
)

func (t *T) put(key, value string, opts ...clientv3.OpOption) *clientv3.PutResponse {
	answer, err := t.cli.Put(t.ctx, key, value, opts...)
	t.must(err)
	return answer
}

func (t *T) get(key string, opts ...clientv3.OpOption) *clientv3.GetResponse {
	answer, err := t.cli.Get(t.ctx, key, opts...)
	t.must(err)
	return answer
}

func (t *T) del(key string, opts ...clientv3.OpOption) *clientv3.DeleteResponse {
	answer, err := t.cli.Delete(t.ctx, key, opts...)
	t.must(err)
	return answer
}

// revision returns the current revision.
func (t *T) revision() int64 { return t.get("absent").Header.Revision }

// keys returns the last segments of keys.
func keys(kvs []*mvccpb.KeyValue) string {
	names := []string{}
	for _, kv := range kvs {
		names = append(names, string(kv.Key)[strings.LastIndex(string(kv.Key), "/")+1:])
	}
	return strings.Join(names, " ")
}

// fill puts single letters as keys, in the given order, each with a value.
func (t *T) fill(pairs ...string) {
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		t.put(t.prefix+key, value)
	}
}

func init() {
	alone("put: previous pair, version and revisions", func(t *T) {
		before := t.revision()
		first := t.put(t.prefix+"k", "1", clientv3.WithPrevKV())
		t.truly("no previous pair", first.PrevKv == nil)
		t.equal("revision", first.Header.Revision, before+1)
		t.truly("ids of cluster, member and term", first.Header.ClusterId != 0 && first.Header.MemberId != 0 && first.Header.RaftTerm >= 2)
		second := t.put(t.prefix+"k", "1", clientv3.WithPrevKV())
		t.equal("revision of the same value", second.Header.Revision, before+2)
		t.equal("previous pair", *second.PrevKv, mvccpb.KeyValue{
			Key: []byte(t.prefix + "k"), Value: []byte("1"), Version: 1, CreateRevision: before + 1, ModRevision: before + 1,
		})
		kv := t.get(t.prefix + "k").Kvs[0]
		t.equal("version", kv.Version, int64(2))
		t.equal("created", kv.CreateRevision, before+1)
		t.equal("modified", kv.ModRevision, before+2)
		t.del(t.prefix + "k")
		t.put(t.prefix+"k", "2")
		kv = t.get(t.prefix + "k").Kvs[0]
		t.equal("version after a delete", kv.Version, int64(1))
		t.equal("created after a delete", kv.CreateRevision, before+4)
	})

	alone("put: ignored values and leases, and refusals", func(t *T) {
		key := t.prefix + "k"
		_, err := t.cli.Put(t.ctx, key, "", clientv3.WithIgnoreValue())
		t.refused("ignored value of no key", err, rpctypes.ErrKeyNotFound)
		_, err = t.cli.Put(t.ctx, key, "v", clientv3.WithIgnoreLease())
		t.refused("ignored lease of no key", err, rpctypes.ErrKeyNotFound)
		lease, err := t.cli.Grant(t.ctx, 60)
		t.must(err)
		t.put(key, "v", clientv3.WithLease(lease.ID))
		t.put(key, "w", clientv3.WithIgnoreLease())
		kv := t.get(key).Kvs[0]
		t.equal("value and lease", []interface{}{string(kv.Value), kv.Lease}, []interface{}{"w", int64(lease.ID)})
		t.put(key, "", clientv3.WithIgnoreValue())
		kv = t.get(key).Kvs[0]
		t.equal("value without lease", []interface{}{string(kv.Value), kv.Lease}, []interface{}{"w", int64(0)})
		before := t.revision()
		_, err = t.cli.Put(t.ctx, key, "v", clientv3.WithIgnoreValue())
		t.refused("value beside ignored value", err, rpctypes.ErrValueProvided)
		_, err = t.cli.Put(t.ctx, key, "v", clientv3.WithIgnoreLease(), clientv3.WithLease(lease.ID))
		t.refused("lease beside ignored lease", err, rpctypes.ErrLeaseProvided)
		_, err = t.cli.Put(t.ctx, "", "v")
		t.refused("empty key", err, rpctypes.ErrEmptyKey)
		_, err = t.cli.Put(t.ctx, key, "v", clientv3.WithLease(4711))
		t.refused("unknown lease", err, rpctypes.ErrLeaseNotFound)
		t.equal("revision", t.revision(), before)
	})

	alone("delete: pairs in key order, one revision, none for nothing", func(t *T) {
		t.fill("b=2", "a=1", "c=3")
		before := t.revision()
		none := t.del(t.prefix+"x", clientv3.WithPrefix(), clientv3.WithPrevKV())
		t.equal("deleted nothing", none.Deleted, int64(0))
		t.equal("revision after nothing", none.Header.Revision, before)
		some := t.del(t.prefix, clientv3.WithPrefix(), clientv3.WithPrevKV())
		t.equal("deleted", some.Deleted, int64(3))
		t.equal("revision", some.Header.Revision, before+1)
		t.equal("pairs", keys(some.PrevKvs), "a b c")
		t.equal("value", string(some.PrevKvs[1].Value), "2")
		_, err := t.cli.Delete(t.ctx, "")
		t.refused("empty key", err, rpctypes.ErrEmptyKey)
	})

	alone("range: prefix, bounds, from a key, and backwards", func(t *T) {
		t.fill("a=1", "ab=2", "b=3", "c=4")
		ranged := func(key string, opts ...clientv3.OpOption) string { return keys(t.get(t.prefix+key, opts...).Kvs) }
		t.equal("prefix", ranged("a", clientv3.WithPrefix()), "a ab")
		t.equal("one", ranged("a"), "a")
		t.equal("bounds", ranged("ab", clientv3.WithRange(t.prefix+"c")), "ab b")
		t.equal("backwards", ranged("c", clientv3.WithRange(t.prefix+"a")), "")
		t.equal("same bounds", ranged("a", clientv3.WithRange(t.prefix+"a")), "")
		t.truly("from key", strings.HasPrefix(ranged("b", clientv3.WithFromKey()), "b c"))
		all := t.get("", clientv3.WithPrefix())
		t.truly("everything", all.Count >= 4 && int(all.Count) == len(all.Kvs))
		t.equal("serializable", ranged("a", clientv3.WithPrefix(), clientv3.WithSerializable()), "a ab")
		_, err := t.cli.Get(t.ctx, "")
		t.refused("empty key", err, rpctypes.ErrEmptyKey)
	})

	alone("range: limit, more, count, keys only and count only", func(t *T) {
		t.fill("a=1", "b=2", "c=3")
		two := t.get(t.prefix, clientv3.WithPrefix(), clientv3.WithLimit(2))
		t.equal("first two", keys(two.Kvs), "a b")
		t.equal("more and count", []interface{}{two.More, two.Count}, []interface{}{true, int64(3)})
		three := t.get(t.prefix, clientv3.WithPrefix(), clientv3.WithLimit(3))
		t.equal("no more", three.More, false)
		named := t.get(t.prefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
		t.truly("no value but a revision", len(named.Kvs[0].Value) == 0 && named.Kvs[0].ModRevision > 0)
		counted := t.get(t.prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
		t.equal("counted", []interface{}{len(counted.Kvs), counted.Count}, []interface{}{0, int64(3)})
	})

	alone("range: sorted by each target", func(t *T) {
		t.fill("b=9", "c=1", "a=5", "c=3", "b=2", "c=3")
		sorted := func(target clientv3.SortTarget, order clientv3.SortOrder, opts ...clientv3.OpOption) string {
			opts = append(opts, clientv3.WithPrefix(), clientv3.WithSort(target, order))
			return keys(t.get(t.prefix, opts...).Kvs)
		}
		up, down := clientv3.SortAscend, clientv3.SortDescend
		t.equal("key up", sorted(clientv3.SortByKey, up), "a b c")
		t.equal("key down", sorted(clientv3.SortByKey, down), "c b a")
		t.equal("version up", sorted(clientv3.SortByVersion, up), "a b c")
		t.equal("version down", sorted(clientv3.SortByVersion, down), "c b a")
		t.equal("create up", sorted(clientv3.SortByCreateRevision, up), "b c a")
		t.equal("create down", sorted(clientv3.SortByCreateRevision, down), "a c b")
		t.equal("modify up", sorted(clientv3.SortByModRevision, up), "a b c")
		t.equal("modify down", sorted(clientv3.SortByModRevision, down), "c b a")
		t.equal("value up", sorted(clientv3.SortByValue, up), "b c a")
		t.equal("value down", sorted(clientv3.SortByValue, down), "a c b")
		t.equal("no order", sorted(clientv3.SortByValue, clientv3.SortNone), "b c a")
		t.equal("sorted, then limited", sorted(clientv3.SortByCreateRevision, down, clientv3.WithLimit(1)), "a")
		t.equal("last created", keys(t.get(t.prefix, clientv3.WithLastCreate()...).Kvs), "a")
		t.equal("first modified", keys(t.get(t.prefix, clientv3.WithFirstRev()...).Kvs), "a")
	})

	alone("range: filters by revision, which count ignores", func(t *T) {
		before := t.revision()
		t.fill("a=1", "b=1", "c=1", "a=2")
		filtered := func(opts ...clientv3.OpOption) string {
			answer := t.get(t.prefix, append(opts, clientv3.WithPrefix())...)
			return fmt.Sprint(keys(answer.Kvs), " of ", answer.Count)
		}
		t.equal("min modified", filtered(clientv3.WithMinModRev(before+3)), "a c of 3")
		t.equal("max modified", filtered(clientv3.WithMaxModRev(before+2)), "b of 3")
		t.equal("min created", filtered(clientv3.WithMinCreateRev(before+2)), "b c of 3")
		t.equal("max created", filtered(clientv3.WithMaxCreateRev(before+1)), "a of 3")
		t.equal("none", filtered(clientv3.WithMinCreateRev(before+9)), " of 3")
		t.equal("filtered, then limited", filtered(clientv3.WithMinModRev(before+3), clientv3.WithLimit(1)), "a of 3")
	})

	alone("range: of the past, of the future", func(t *T) {
		before := t.revision()
		t.fill("a=1", "b=1", "a=2")
		t.del(t.prefix + "b")
		at := func(offset int64) string {
			answer := t.get(t.prefix, clientv3.WithPrefix(), clientv3.WithRev(before+offset))
			t.equal("revision of the header", answer.Header.Revision, before+4)
			values := []string{}
			for _, kv := range answer.Kvs {
				values = append(values, fmt.Sprintf("%s@%d.%d", kv.Value, kv.ModRevision-before, kv.Version))
			}
			return keys(answer.Kvs) + " " + strings.Join(values, " ")
		}
		t.equal("first", at(1), "a 1@1.1")
		t.equal("second", at(2), "a b 1@1.1 1@2.1")
		t.equal("third", at(3), "a b 2@3.2 1@2.1")
		t.equal("fourth", at(4), "a 2@3.2")
		_, err := t.cli.Get(t.ctx, t.prefix, clientv3.WithRev(before+5))
		t.refused("future", err, rpctypes.ErrFutureRev)
		_, err = t.cli.Get(t.ctx, t.prefix, clientv3.WithRev(before+5), clientv3.WithCountOnly(), clientv3.WithPrefix())
		t.refused("count of the future", err, rpctypes.ErrFutureRev)
	})

	alone("compact: reads and compactions below are refused", func(t *T) {
		t.fill("a=1", "a=2", "a=3")
		now := t.revision()
		_, err := t.cli.Compact(t.ctx, now+1)
		t.refused("future", err, rpctypes.ErrFutureRev)
		answer, err := t.cli.Compact(t.ctx, now-1, clientv3.WithCompactPhysical())
		t.must(err)
		t.equal("revision", answer.Header.Revision, now)
		_, err = t.cli.Compact(t.ctx, now-1)
		t.refused("twice", err, rpctypes.ErrCompacted)
		_, err = t.cli.Get(t.ctx, t.prefix+"a", clientv3.WithRev(now-2))
		t.refused("below", err, rpctypes.ErrCompacted)
		_, err = t.cli.Get(t.ctx, t.prefix+"a", clientv3.WithRev(now-2), clientv3.WithCountOnly())
		t.refused("count below", err, rpctypes.ErrCompacted)
		t.equal("at the floor", string(t.get(t.prefix+"a", clientv3.WithRev(now-1)).Kvs[0].Value), "2")
		_, err = t.cli.Txn(t.ctx).Then(clientv3.OpPut(t.prefix+"b", "1"), clientv3.OpGet(t.prefix+"a", clientv3.WithRev(now-2))).Commit()
		t.refused("in a transaction", err, rpctypes.ErrCompacted)
		t.equal("nothing of it is written", t.get(t.prefix+"b").Count, int64(0))
		t.equal("newest", string(t.get(t.prefix + "a").Kvs[0].Value), "3")
	})

	alone("keys and values of any bytes", func(t *T) {
		odd := []string{"\x00", "a\x00b", "\xff\xfe", "ÿ", "a//", " "}
		for _, key := range odd {
			t.put(t.prefix+key, key)
		}
		for _, key := range odd {
			t.equal("value", string(t.get(t.prefix + key).Kvs[0].Value), key)
		}
		got := []string{}
		for _, kv := range t.get(t.prefix, clientv3.WithPrefix()).Kvs {
			got = append(got, strings.TrimPrefix(string(kv.Key), t.prefix))
		}
		t.equal("order of bytes", got, []string{"\x00", " ", "a\x00b", "a//", "ÿ", "\xff\xfe"})
		t.put(t.prefix+"empty", "")
		t.equal("empty value", len(t.get(t.prefix + "empty").Kvs[0].Value), 0)
		t.put("\xff\xff", "last")
		t.equal("prefix without an end", t.get("\xff", clientv3.WithPrefix()).Count, int64(1))
		t.del("\xff\xff")
		t.put("\x00", "zero")
		t.equal("key of a zero byte", string(t.get("\x00").Kvs[0].Value), "zero")
		t.del("\x00")
	})

	together("a value of 1 MB", func(t *T) {
		value := strings.Repeat("v", 1_000_000)
		t.put(t.prefix+"k", value)
		t.truly("same value", string(t.get(t.prefix + "k").Kvs[0].Value) == value)
		t.del(t.prefix + "k")
	})

	together("a range of 5 MB", func(t *T) {
		value := strings.Repeat("v", 50_000)
		for i := 0; i < 100; i++ {
			t.put(fmt.Sprint(t.prefix, i), value)
		}
		t.equal("pairs", len(t.get(t.prefix, clientv3.WithPrefix()).Kvs), 100)
		t.del(t.prefix, clientv3.WithPrefix())
	})

	together("a request over 1.5 MiB is refused", func(t *T) {
		_, err := t.cli.Put(t.ctx, t.prefix+"k", strings.Repeat("v", 3<<19+1000))
		t.refused("too large", err, rpctypes.ErrRequestTooLarge)
		t.put(t.prefix+"k", "small")
	})
}
