package main

import (
	"fmt"
	"math"
	"sort"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/etcdserver/api/v3rpc/rpctypes"
	pb "go.etcd.io/etcd/etcdserver/etcdserverpb"
)

func (t *T) grant(ttlSeconds int64) clientv3.LeaseID {
	answer, err := t.cli.Grant(t.ctx, ttlSeconds)
	t.must(err)
	return answer.ID
}

func (t *T) timeToLive(id clientv3.LeaseID) *clientv3.LeaseTimeToLiveResponse {
	answer, err := t.cli.TimeToLive(t.ctx, id, clientv3.WithAttachedKeys())
	t.must(err)
	return answer
}

func attached(answer *clientv3.LeaseTimeToLiveResponse) []string {
	names := []string{}
	for _, key := range answer.Keys {
		names = append(names, string(key))
	}
	sort.Strings(names)
	return names
}

func init() {
	alone("lease: grant, time to live and revoke", func(t *T) {
		before := t.revision()
		granted, err := t.cli.Grant(t.ctx, 100)
		t.must(err)
		t.truly("positive id", granted.ID > 0)
		t.equal("granted", []interface{}{granted.TTL, granted.Error, granted.ResponseHeader.Revision}, []interface{}{int64(100), "", before})
		t.put(t.prefix+"b", "1", clientv3.WithLease(granted.ID))
		t.put(t.prefix+"a", "1", clientv3.WithLease(granted.ID))
		t.equal("lease of a pair", t.get(t.prefix + "a").Kvs[0].Lease, int64(granted.ID))
		alive := t.timeToLive(granted.ID)
		t.equal("granted TTL", alive.GrantedTTL, int64(100))
		t.truly("remaining TTL", alive.TTL > 90 && alive.TTL <= 100)
		t.equal("keys", attached(alive), []string{t.prefix + "a", t.prefix + "b"})
		t.equal("id", alive.ID, granted.ID)
		w := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithPrevKV())
		revoked, err := t.cli.Revoke(t.ctx, granted.ID)
		t.must(err)
		t.equal("revision of the revoke", revoked.Header.Revision, before+3)
		t.equal("one response, in key order", describe(w.next().Events), "delete a,was 1; delete b,was 1")
	})

	alone("lease: changes of leases without keys keep the revision", func(t *T) {
		before := t.revision()
		id := t.grant(60)
		_, err := t.cli.KeepAliveOnce(t.ctx, id)
		t.must(err)
		_, err = t.cli.Revoke(t.ctx, id)
		t.must(err)
		t.equal("revision", t.revision(), before)
	})

	together("lease: one that has ended", func(t *T) {
		id := t.grant(60)
		_, err := t.cli.Revoke(t.ctx, id)
		t.must(err)
		dead := t.timeToLive(id)
		t.equal("TTL, granted and keys", []interface{}{dead.TTL, dead.GrantedTTL, len(dead.Keys)}, []interface{}{int64(-1), int64(0), 0})
		_, err = t.cli.KeepAliveOnce(t.ctx, id)
		t.refused("keep alive once", err, rpctypes.ErrLeaseNotFound)
		_, err = t.cli.Revoke(t.ctx, id)
		t.refused("revoke", err, rpctypes.ErrLeaseNotFound)
		_, err = t.cli.Put(t.ctx, t.prefix+"k", "1", clientv3.WithLease(id))
		t.refused("put", err, rpctypes.ErrLeaseNotFound)
		ch, err := t.cli.KeepAlive(t.ctx, id)
		t.must(err)
		_, open := <-ch
		t.equal("channel of responses", open, false)
	})

	together("lease: bare keep-alives, with TTL 0 for one that is unknown", func(t *T) {
		id := t.grant(60)
		stream, err := pb.NewLeaseClient(t.cli.ActiveConnection()).LeaseKeepAlive(t.ctx)
		t.must(err)
		for _, want := range []pb.LeaseKeepAliveResponse{{ID: int64(id), TTL: 60}, {ID: 4711, TTL: 0}, {ID: int64(id), TTL: 60}} {
			t.must(stream.Send(&pb.LeaseKeepAliveRequest{ID: want.ID}))
			got, err := stream.Recv()
			t.must(err)
			t.equal("answer", []int64{got.ID, got.TTL}, []int64{want.ID, want.TTL})
			t.truly("header", got.Header.Revision > 0)
		}
		t.must(stream.CloseSend())
		_, err = stream.Recv()
		t.equal("end of the stream", err.Error(), "EOF")
	})

	together("lease: ids of the caller, and refusals", func(t *T) {
		leases := pb.NewLeaseClient(t.cli.ActiveConnection())
		grant := func(id, ttl int64) (*pb.LeaseGrantResponse, error) {
			answer, err := leases.LeaseGrant(t.ctx, &pb.LeaseGrantRequest{ID: id, TTL: ttl})
			return answer, rpctypes.Error(err)
		}
		own := time.Now().UnixNano()
		answer, err := grant(own, 60)
		t.must(err)
		t.equal("id", answer.ID, own)
		_, err = grant(own, 60)
		t.refused("twice", err, rpctypes.ErrLeaseExist)
		_, err = grant(0, 9_000_000_001)
		t.refused("too long", err, rpctypes.ErrLeaseTTLTooLarge)
		answer, err = grant(math.MaxInt64, 60)
		t.must(err)
		t.equal("largest id", answer.ID, int64(math.MaxInt64))
		t.put(t.prefix+"k", "1", clientv3.WithLease(math.MaxInt64))
		t.equal("lease of the pair", t.get(t.prefix + "k").Kvs[0].Lease, int64(math.MaxInt64))
		for _, short := range []int64{1, 0, -5} {
			answer, err = grant(0, short)
			t.must(err)
			t.equal(fmt.Sprint("granted for ", short), answer.TTL, int64(2))
		}
	})

	together("lease: the longest time to live", func(t *T) {
		answer, err := pb.NewLeaseClient(t.cli.ActiveConnection()).LeaseGrant(t.ctx, &pb.LeaseGrantRequest{TTL: 9_000_000_000})
		t.must(err)
		t.equal("granted", answer.TTL, int64(9_000_000_000))
	})

	together("lease: lists all, and those of the caller", func(t *T) {
		long, short := t.grant(3000), t.grant(2000)
		answer, err := t.cli.Leases(t.ctx)
		t.must(err)
		at := map[clientv3.LeaseID]int{}
		for i, lease := range answer.Leases {
			at[lease.ID] = i
		}
		_, hasLong := at[long]
		_, hasShort := at[short]
		t.truly("both are listed", hasLong && hasShort)
		t.truly("the one that ends sooner is first", at[short] < at[long])
	})

	together("lease: two keys expire in one response, not before their time", func(t *T) {
		w := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithPrevKV())
		began := time.Now()
		id := t.grant(2)
		t.put(t.prefix+"b", "1", clientv3.WithLease(id))
		t.put(t.prefix+"a", "2", clientv3.WithLease(id))
		w.events(2)
		gone := w.next()
		t.equal("events", describe(gone.Events), "delete a,was 2; delete b,was 1")
		t.equal("lease of the previous pair", gone.Events[0].PrevKv.Lease, int64(id))
		t.equal("one revision", gone.Events[0].Kv.ModRevision, gone.Events[1].Kv.ModRevision)
		t.equal("revision of the header", gone.Header.Revision, gone.Events[0].Kv.ModRevision)
		t.truly("not before its time", time.Since(began) >= 2*time.Second)
		t.equal("TTL", t.timeToLive(id).TTL, int64(-1))
		_, err := t.cli.KeepAliveOnce(t.ctx, id)
		t.refused("keep alive once", err, rpctypes.ErrLeaseNotFound)
	})

	together("lease: keep-alives keep it, and its end closes their channel", func(t *T) {
		id := t.grant(12)
		t.put(t.prefix+"a", "1", clientv3.WithLease(id))
		ch, err := t.cli.KeepAlive(t.ctx, id)
		t.must(err)
		for began := time.Now(); time.Since(began) < 14*time.Second; {
			answer, open := <-ch
			t.truly("the channel is open", open)
			t.equal("answer", []int64{int64(answer.ID), answer.TTL}, []int64{int64(id), 12})
		}
		t.equal("still there", t.get(t.prefix+"a").Count, int64(1))
		_, err = t.cli.Revoke(t.ctx, id)
		t.must(err)
		t.until("the channel closes", func() bool { _, open := <-ch; return !open })
	})

	together("lease: a put without it detaches, a put with another moves", func(t *T) {
		one, other := t.grant(60), t.grant(60)
		t.put(t.prefix+"a", "1", clientv3.WithLease(one))
		t.put(t.prefix+"b", "1", clientv3.WithLease(one))
		t.put(t.prefix+"c", "1", clientv3.WithLease(one))
		t.put(t.prefix+"a", "2")
		t.put(t.prefix+"b", "2", clientv3.WithLease(other))
		t.equal("keys of one", attached(t.timeToLive(one)), []string{t.prefix + "c"})
		t.equal("keys of the other", attached(t.timeToLive(other)), []string{t.prefix + "b"})
		_, err := t.cli.Revoke(t.ctx, one)
		t.must(err)
		t.equal("left", keys(t.get(t.prefix, clientv3.WithPrefix()).Kvs), "a b")
		t.del(t.prefix + "b")
		t.equal("keys after a delete", attached(t.timeToLive(other)), []string{})
	})

	together("lease: 100 on one stream of keep-alives", func(t *T) {
		for i := 0; i < 100; i++ {
			id := t.grant(8)
			t.put(fmt.Sprint(t.prefix, i), "1", clientv3.WithLease(id))
			ch, err := t.cli.KeepAlive(t.ctx, id)
			t.must(err)
			go func() {
				for range ch {
				}
			}()
		}
		time.Sleep(10 * time.Second)
		t.equal("alive", t.get(t.prefix, clientv3.WithPrefix(), clientv3.WithCountOnly()).Count, int64(100))
	})
}
