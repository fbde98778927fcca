package main

import (
	"fmt"
	"strings"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/etcdserver/api/v3rpc/rpctypes"
)

func (t *T) commit(compares []clientv3.Cmp, then []clientv3.Op, otherwise ...clientv3.Op) *clientv3.TxnResponse {
	answer, err := t.cli.Txn(t.ctx).If(compares...).Then(then...).Else(otherwise...).Commit()
	t.must(err)
	return answer
}

// holds evaluates compares in a transaction that writes nothing.
func (t *T) holds(compares ...clientv3.Cmp) bool { return t.commit(compares, nil).Succeeded }

var signs = []string{"=", "!=", ">", "<"}

// expectedSigns returns which of the four signs hold for an order: -1, 0 or 1.
func expectedSigns(order int) string {
	return map[int]string{-1: "!= <", 0: "=", 1: "!= >"}[order]
}

// holding returns which of the four signs hold.
func (t *T) holding(compare func(sign string) clientv3.Cmp) string {
	held := []string{}
	for _, sign := range signs {
		if t.holds(compare(sign)) {
			held = append(held, sign)
		}
	}
	return strings.Join(held, " ")
}

func init() {
	alone("txn: every compare with an existing and a missing key", func(t *T) {
		lease, err := t.cli.Grant(t.ctx, 60)
		t.must(err)
		t.put(t.prefix+"k", "m")
		t.put(t.prefix+"k", "m", clientv3.WithLease(lease.ID))
		kv := t.get(t.prefix + "k").Kvs[0]
		before := t.revision()
		actual := map[string]int64{"version": kv.Version, "create": kv.CreateRevision, "mod": kv.ModRevision, "lease": kv.Lease}
		compared := func(target, key, sign string, value int64) clientv3.Cmp {
			switch target {
			case "version":
				return clientv3.Compare(clientv3.Version(key), sign, value)
			case "create":
				return clientv3.Compare(clientv3.CreateRevision(key), sign, value)
			case "mod":
				return clientv3.Compare(clientv3.ModRevision(key), sign, value)
			default:
				return clientv3.Compare(clientv3.LeaseValue(key), sign, value)
			}
		}
		for target, value := range actual {
			for order := -1; order <= 1; order++ {
				held := t.holding(func(sign string) clientv3.Cmp { return compared(target, t.prefix+"k", sign, value-int64(order)) })
				t.equal(fmt.Sprint(target, " of a key in order ", order), held, expectedSigns(order))
				held = t.holding(func(sign string) clientv3.Cmp { return compared(target, t.prefix+"missing", sign, -int64(order)) })
				t.equal(fmt.Sprint(target, " of no key in order ", order), held, expectedSigns(order))
			}
		}
		for order, value := range map[int]string{-1: "n", 0: "m", 1: "l"} {
			held := t.holding(func(sign string) clientv3.Cmp { return clientv3.Compare(clientv3.Value(t.prefix+"k"), sign, value) })
			t.equal(fmt.Sprint("value in order ", order), held, expectedSigns(order))
		}
		for _, value := range []string{"", "x"} {
			held := t.holding(func(sign string) clientv3.Cmp {
				return clientv3.Compare(clientv3.Value(t.prefix+"missing"), sign, value)
			})
			t.equal("value of no key", held, "")
		}
		t.equal("revision", t.revision(), before)
	})

	alone("txn: compares of ranges hold for every key", func(t *T) {
		t.fill("a=x", "b=x", "c=y")
		of := func(end, sign, value string) bool {
			return t.holds(clientv3.Compare(clientv3.Value(t.prefix+"a").WithRange(t.prefix+end), sign, value))
		}
		t.equal("all equal", of("c", "=", "x"), true)
		t.equal("one differs", of("d", "=", "x"), false)
		t.equal("prefix exists", t.holds(clientv3.Compare(clientv3.Version(t.prefix).WithPrefix(), ">", 0)), true)
		t.equal("empty range has version 0", t.holds(clientv3.Compare(clientv3.Version(t.prefix+"z").WithPrefix(), "=", 0)), true)
		t.equal("empty range exists", t.holds(clientv3.Compare(clientv3.Version(t.prefix+"z").WithPrefix(), ">", 0)), false)
		t.equal("value of an empty range", t.holds(clientv3.Compare(clientv3.Value(t.prefix+"z").WithPrefix(), "!=", "q")), false)
		t.equal("several compares", t.holds(
			clientv3.Compare(clientv3.Version(t.prefix+"a"), "=", 1), clientv3.Compare(clientv3.Version(t.prefix+"b"), "=", 2)), false)
		t.equal("no compare", t.holds(), true)
	})

	alone("txn: nested ones compare the state before all of it", func(t *T) {
		t.fill("a=old")
		inner := clientv3.OpTxn(
			[]clientv3.Cmp{clientv3.Compare(clientv3.Value(t.prefix+"a"), "=", "new")},
			[]clientv3.Op{clientv3.OpPut(t.prefix+"b", "then")},
			[]clientv3.Op{clientv3.OpPut(t.prefix+"b", "else"), clientv3.OpGet(t.prefix + "a")})
		answer := t.commit(nil, []clientv3.Op{clientv3.OpPut(t.prefix+"a", "new"), inner})
		nested := answer.Responses[1].GetResponseTxn()
		t.equal("outer and inner", []bool{answer.Succeeded, nested.Succeeded}, []bool{true, false})
		t.equal("read in it", string(nested.Responses[1].GetResponseRange().Kvs[0].Value), "new")
		t.equal("branch", string(t.get(t.prefix + "b").Kvs[0].Value), "else")
	})

	alone("txn: answers in order, with one revision for all writes", func(t *T) {
		t.fill("a=1", "b=1")
		before := t.revision()
		answer := t.commit(nil, []clientv3.Op{
			clientv3.OpGet(t.prefix, clientv3.WithPrefix()),
			clientv3.OpPut(t.prefix+"c", "1", clientv3.WithPrevKV()),
			clientv3.OpGet(t.prefix, clientv3.WithPrefix()),
			clientv3.OpDelete(t.prefix+"a", clientv3.WithPrevKV()),
			clientv3.OpDelete(t.prefix+"a", clientv3.WithRange(t.prefix+"c"), clientv3.WithPrevKV()),
			clientv3.OpGet(t.prefix, clientv3.WithPrefix()),
		})
		parts := answer.Responses
		t.equal("revision", answer.Header.Revision, before+1)
		t.equal("before", keys(parts[0].GetResponseRange().Kvs), "a b")
		t.equal("revision before", parts[0].GetResponseRange().Header.Revision, before)
		t.equal("revision of the put", parts[1].GetResponsePut().Header.Revision, before+1)
		t.equal("between", keys(parts[2].GetResponseRange().Kvs), "a b c")
		t.equal("revision between", parts[2].GetResponseRange().Header.Revision, before+1)
		t.equal("first delete", parts[3].GetResponseDeleteRange().Deleted, int64(1))
		t.equal("second delete", keys(parts[4].GetResponseDeleteRange().PrevKvs), "b")
		t.equal("after", keys(parts[5].GetResponseRange().Kvs), "c")
		t.equal("current", t.revision(), before+1)
		t.equal("modified", t.get(t.prefix + "c").Kvs[0].ModRevision, before+1)
	})

	alone("txn: reads and empty ones keep the revision", func(t *T) {
		before := t.revision()
		t.equal("empty", t.commit(nil, nil).Header.Revision, before)
		t.equal("read", t.commit(nil, []clientv3.Op{clientv3.OpGet("a")}).Header.Revision, before)
		t.equal("delete of nothing", t.commit(nil, []clientv3.Op{clientv3.OpDelete(t.prefix + "absent")}).Header.Revision, before)
		never := clientv3.Compare(clientv3.Version(t.prefix+"absent"), ">", 0)
		failed := t.commit([]clientv3.Cmp{never}, []clientv3.Op{clientv3.OpPut(t.prefix+"k", "1")}, clientv3.OpGet(t.prefix+"k"))
		t.equal("other branch", []interface{}{failed.Succeeded, failed.Header.Revision}, []interface{}{false, before})
		t.equal("now", t.revision(), before)
	})

	alone("txn: refusals leave nothing behind", func(t *T) {
		before := t.revision()
		put := func(key string) clientv3.Op { return clientv3.OpPut(t.prefix+key, "1") }
		refused := func(what string, want error, then []clientv3.Op, otherwise ...clientv3.Op) {
			_, err := t.cli.Txn(t.ctx).Then(then...).Else(otherwise...).Commit()
			t.refused(what, err, want)
		}
		refused("same key twice", rpctypes.ErrDuplicateKey, []clientv3.Op{put("a"), put("a")})
		refused("put and delete", rpctypes.ErrDuplicateKey, []clientv3.Op{put("a"), clientv3.OpDelete(t.prefix, clientv3.WithPrefix())})
		refused("put and nested put", rpctypes.ErrDuplicateKey, []clientv3.Op{put("a"), clientv3.OpTxn(nil, []clientv3.Op{put("a")}, nil)})
		refused("in the other branch", rpctypes.ErrDuplicateKey, nil, put("a"), put("a"))
		many := []clientv3.Op{}
		for i := 0; i < 129; i++ {
			many = append(many, put(fmt.Sprint("many", i)))
		}
		refused("129 operations", rpctypes.ErrTooManyOps, many)
		refused("unknown lease", rpctypes.ErrLeaseNotFound, []clientv3.Op{put("a"), clientv3.OpPut(t.prefix+"b", "1", clientv3.WithLease(4711))})
		refused("ignored value of no key", rpctypes.ErrKeyNotFound, []clientv3.Op{put("a"), clientv3.OpPut(t.prefix+"b", "", clientv3.WithIgnoreValue())})
		refused("empty key", rpctypes.ErrEmptyKey, []clientv3.Op{clientv3.OpPut("", "1")})
		refused("read of the future", rpctypes.ErrFutureRev, []clientv3.Op{put("a"), clientv3.OpGet(t.prefix, clientv3.WithRev(before+9))})
		_, err := t.cli.Txn(t.ctx).If(clientv3.Compare(clientv3.Version(""), "=", 0)).Commit()
		t.refused("compare of an empty key", err, rpctypes.ErrEmptyKey)
		t.equal("revision", t.revision(), before)
		t.equal("keys", t.get(t.prefix, clientv3.WithPrefix()).Count, int64(0))
	})

	alone("txn: 128 operations, and one key in both branches", func(t *T) {
		before := t.revision()
		many := []clientv3.Op{}
		for i := 0; i < 128; i++ {
			many = append(many, clientv3.OpPut(t.prefix+fmt.Sprint(i), "1"))
		}
		answer := t.commit(nil, many, many...)
		t.equal("revision", answer.Header.Revision, before+1)
		t.equal("answers", len(answer.Responses), 128)
		branches := clientv3.OpTxn(nil, []clientv3.Op{clientv3.OpPut(t.prefix+"x", "1")}, []clientv3.Op{clientv3.OpPut(t.prefix+"x", "2")})
		t.equal("both branches", t.commit(nil, []clientv3.Op{branches}).Header.Revision, before+2)
	})

	alone("txn: create if absent, and swap by revision", func(t *T) {
		absent := clientv3.Compare(clientv3.CreateRevision(t.prefix+"k"), "=", 0)
		t.equal("first", t.commit([]clientv3.Cmp{absent}, []clientv3.Op{clientv3.OpPut(t.prefix+"k", "1")}).Succeeded, true)
		second := t.commit([]clientv3.Cmp{absent}, []clientv3.Op{clientv3.OpPut(t.prefix+"k", "2")}, clientv3.OpGet(t.prefix+"k"))
		t.equal("second", second.Succeeded, false)
		rev := second.Responses[0].GetResponseRange().Kvs[0].ModRevision
		unchanged := clientv3.Compare(clientv3.ModRevision(t.prefix+"k"), "=", rev)
		t.equal("swap", t.commit([]clientv3.Cmp{unchanged}, []clientv3.Op{clientv3.OpPut(t.prefix+"k", "3")}).Succeeded, true)
		t.equal("stale swap", t.commit([]clientv3.Cmp{unchanged}, []clientv3.Op{clientv3.OpPut(t.prefix+"k", "4")}).Succeeded, false)
	})
}
