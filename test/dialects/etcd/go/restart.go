package main

import (
	"fmt"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/clientv3/concurrency"
	"go.etcd.io/etcd/clientv3/naming/endpoints"
)

func init() {
	acrossRestart("restart: data, revisions and history are the same", func(t *T) {
		t.fill("a=1", "a=2", "b=1")
		before := t.get(t.prefix, clientv3.WithPrefix())
		t.restart()
		after := t.get(t.prefix, clientv3.WithPrefix())
		t.equal("pairs", after.Kvs, before.Kvs)
		t.equal("cluster", after.Header.ClusterId, before.Header.ClusterId)
		t.equal("member", after.Header.MemberId, before.Header.MemberId)
		t.truly("revision", after.Header.Revision >= before.Header.Revision)
		past := t.get(t.prefix+"a", clientv3.WithRev(after.Kvs[0].CreateRevision))
		t.equal("past", string(past.Kvs[0].Value), "1")
		next := t.put(t.prefix+"a", "3").Header.Revision
		t.truly("revisions rise", next > after.Kvs[1].ModRevision)
	})

	acrossRestart("restart: watches continue without a gap or a repetition", func(t *T) {
		idle := t.watch(t.prefix+"idle", clientv3.WithPrevKV())
		busy := t.watch(t.prefix+"busy", clientv3.WithPrefix(), clientv3.WithPrevKV())
		before := t.revision()
		for i := 0; i < 20; i++ {
			t.put(t.prefix+"busy", fmt.Sprint(i))
		}
		// Read from a watch that starts in the past as late as after the restart.
		late := t.cli.Watch(t.ctx, t.prefix+"busy", clientv3.WithRev(before+1))
		t.restart()
		for i := 20; i < 40; i++ {
			t.put(t.prefix+"busy", fmt.Sprint(i))
		}
		t.put(t.prefix+"idle", "1")
		for name, w := range map[string]*watched{"live": busy, "past": {t: t, ch: late}} {
			for i, event := range w.events(40) {
				t.equal("value of the "+name+" watch", string(event.Kv.Value), fmt.Sprint(i))
			}
		}
		t.equal("idle", describe(idle.events(1)), "put idle=1")
	})

	acrossRestart("restart: writers and watchers that overlap it", func(t *T) {
		w := t.watch(t.prefix, clientv3.WithPrefix())
		acknowledged := make(chan string, 10_000)
		stop := make(chan struct{})
		writer := func() {
			defer close(acknowledged)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				// The client does not repeat writes whose outcome is unknown.
				if _, err := t.cli.Put(t.ctx, t.prefix+"k", fmt.Sprint(i)); err == nil {
					acknowledged <- fmt.Sprint(i)
				}
			}
		}
		go writer()
		time.Sleep(100 * time.Millisecond)
		t.restart()
		time.Sleep(500 * time.Millisecond)
		close(stop)
		want := []string{}
		for value := range acknowledged {
			want = append(want, value)
		}
		last := t.put(t.prefix+"end", "").Header.Revision
		next, rev := 0, int64(0)
		for rev < last {
			for _, event := range w.next().Events {
				t.truly("revisions rise", event.Kv.ModRevision > rev)
				rev = event.Kv.ModRevision
				if next < len(want) && string(event.Kv.Value) == want[next] {
					next++
				}
			}
		}
		t.equal("acknowledged writes that were watched", next, len(want))
	})

	acrossRestart("restart: a lease continues with its keep-alives", func(t *T) {
		id := t.grant(15)
		t.put(t.prefix+"k", "1", clientv3.WithLease(id))
		ch, err := t.cli.KeepAlive(t.ctx, id)
		t.must(err)
		<-ch
		t.restart()
		for began := time.Now(); time.Since(began) < 16*time.Second; {
			_, open := <-ch
			t.truly("the channel is open", open)
		}
		t.equal("lease of the pair", t.get(t.prefix + "k").Kvs[0].Lease, int64(id))
	})

	acrossRestart("restart: a lease without keep-alives ends afterwards", func(t *T) {
		id := t.grant(3)
		t.put(t.prefix+"k", "1", clientv3.WithLease(id))
		w := t.watch(t.prefix+"k", clientv3.WithPrevKV())
		t.restart()
		t.equal("delete", describe(w.events(1)), "delete k,was 1")
	})

	acrossRestart("restart: a mutex stays with its owner, a waiter gets it afterwards", func(t *T) {
		first := concurrency.NewMutex(t.session(30), t.prefix+"lock")
		second := concurrency.NewMutex(t.session(30), t.prefix+"lock")
		t.must(first.Lock(t.ctx))
		waiting := later(func() error { return second.Lock(t.ctx) })
		t.waits("second", waiting)
		t.restart()
		t.equal("owner", t.commit([]clientv3.Cmp{first.IsOwner()}, nil).Succeeded, true)
		t.waits("second after the restart", waiting)
		t.must(first.Unlock(t.ctx))
		t.ends("second", waiting)
	})

	acrossRestart("restart: an election keeps its leader", func(t *T) {
		leader := concurrency.NewElection(t.session(30), t.prefix+"e")
		t.must(leader.Campaign(t.ctx, "one"))
		observed := leader.Observe(t.ctx)
		<-observed
		t.restart()
		t.must(leader.Proclaim(t.ctx, "two"))
		select {
		case answer := <-observed:
			t.equal("observed", string(answer.Kvs[0].Value), "two")
		case <-t.ctx.Done():
			t.fail("nothing is observed")
		}
		t.must(leader.Resign(t.ctx))
	})

	acrossRestart("restart: the resolver of gRPC keeps its addresses and gets new ones", func(t *T) {
		target := t.prefix + "svc"
		one, other := t.echo(), t.echo()
		manager, err := endpoints.NewManager(t.cli, target)
		t.must(err)
		t.must(manager.AddEndpoint(t.ctx, target+"/one", endpoints.Endpoint{Addr: one}))
		reached := t.resolved(target)
		t.until("the first is reached", func() bool { return reached() == one })
		t.restart()
		t.equal("reached after the restart", reached(), one)
		t.must(manager.AddEndpoint(t.ctx, target+"/other", endpoints.Endpoint{Addr: other}))
		t.until("both are reached", func() bool { return reached() == sorted(one, other) })
	})
}
