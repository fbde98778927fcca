package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/etcdserver/api/v3rpc/rpctypes"
)

// watched is a watch of the client, with methods that fail the check when nothing comes.
type watched struct {
	t    *T
	ch   clientv3.WatchChan
	stop context.CancelFunc
}

func (t *T) watch(key string, opts ...clientv3.OpOption) *watched {
	ctx, stop := context.WithCancel(t.ctx)
	t.atEnd(stop)
	// The first response confirms the watch, so that what follows is not missed.
	w := &watched{t, t.cli.Watch(ctx, key, append(opts, clientv3.WithCreatedNotify())...), stop}
	created := w.next()
	t.truly("the watch is created", created.Created)
	return w
}

func (w *watched) next() clientv3.WatchResponse {
	select {
	case response, open := <-w.ch:
		if !open {
			w.t.fail("the watch ended")
		}
		return response
	case <-w.t.ctx.Done():
		w.t.fail("the watch delivered nothing")
	}
	panic("unreachable")
}

// events collects responses until they contain so many events.
func (w *watched) events(count int) (all []*clientv3.Event) {
	for len(all) < count {
		response := w.next()
		w.t.must(response.Err())
		all = append(all, response.Events...)
	}
	return all
}

// describe shows events as `put a=1` and `delete a`, with the previous value after a comma.
func describe(events []*clientv3.Event) string {
	shown := []string{}
	for _, event := range events {
		name := string(event.Kv.Key)[strings.LastIndex(string(event.Kv.Key), "/")+1:]
		text := "delete " + name
		if event.Type == clientv3.EventTypePut {
			text = fmt.Sprintf("put %s=%s", name, event.Kv.Value)
		}
		if event.PrevKv != nil {
			text += fmt.Sprintf(",was %s", event.PrevKv.Value)
		}
		shown = append(shown, text)
	}
	return strings.Join(shown, "; ")
}

func init() {
	alone("watch: created at the current revision, then one response for each revision", func(t *T) {
		before := t.revision()
		ch := t.cli.Watch(t.ctx, t.prefix, clientv3.WithPrefix(), clientv3.WithCreatedNotify(), clientv3.WithPrevKV())
		w := &watched{t: t, ch: ch}
		created := w.next()
		t.equal("created", []interface{}{created.Created, created.Header.Revision, len(created.Events)}, []interface{}{true, before, 0})
		t.fill("a=1", "a=2")
		t.del(t.prefix + "a")
		for i, want := range []string{"put a=1", "put a=2,was 1", "delete a,was 2"} {
			response := w.next()
			t.equal("events", describe(response.Events), want)
			t.equal("revision", response.Header.Revision, before+int64(i)+1)
			event := response.Events[0]
			t.equal("modified", event.Kv.ModRevision, before+int64(i)+1)
			t.equal("create or update", []bool{event.IsCreate(), event.IsModify()}, []bool{i == 0, i == 1})
			if i == 2 {
				t.equal("deleted key", []interface{}{event.Kv.CreateRevision, event.Kv.Version, event.Kv.Lease, len(event.Kv.Value)},
					[]interface{}{int64(0), int64(0), int64(0), 0})
				t.equal("previous revision", event.PrevKv.ModRevision, before+2)
			}
		}
	})

	alone("watch: a transaction is one response, in the order of its operations", func(t *T) {
		t.fill("z2=1", "z3=1", "z31=1")
		w := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithPrevKV())
		t.commit(nil, []clientv3.Op{
			clientv3.OpPut(t.prefix+"z4", "2"),
			clientv3.OpDelete(t.prefix+"z3", clientv3.WithRange(t.prefix+"z4")),
			clientv3.OpDelete(t.prefix + "z2"),
		})
		t.equal("events", describe(w.next().Events), "put z4=2; delete z3,was 1; delete z31,was 1; delete z2,was 1")
		t.commit(nil, []clientv3.Op{clientv3.OpPut(t.prefix+"z9", "1"), clientv3.OpPut("elsewhere", "1")})
		t.equal("events of the prefix alone", describe(w.next().Events), "put z9=1")
	})

	alone("watch: from the past, with the events in order", func(t *T) {
		before := t.revision()
		t.fill("a=1", "b=1", "a=2")
		t.del(t.prefix + "b")
		t.commit(nil, []clientv3.Op{clientv3.OpPut(t.prefix+"c", "1"), clientv3.OpPut(t.prefix+"a", "3")})
		w := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithRev(before+2), clientv3.WithPrevKV())
		got := w.events(5)
		t.equal("events", describe(got), "put b=1; put a=2,was 1; delete b,was 1; put c=1; put a=3,was 2")
		t.equal("last revision", got[4].Kv.ModRevision, before+5)
		t.fill("d=1")
		t.equal("live", describe(w.next().Events), "put d=1")
	})

	alone("watch: from the future, without what is before", func(t *T) {
		before := t.revision()
		w := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithRev(before+3))
		t.fill("a=1", "a=2", "a=3")
		t.equal("events", describe(w.next().Events), "put a=3")
	})

	alone("watch: below the compacted revision, at it, and above", func(t *T) {
		t.fill("a=1", "a=2", "a=3")
		now := t.revision()
		_, err := t.cli.Compact(t.ctx, now-1)
		t.must(err)
		ch := t.cli.Watch(t.ctx, t.prefix+"a", clientv3.WithRev(now-2))
		response := <-ch
		t.equal("compacted", []interface{}{response.Canceled, response.CompactRevision}, []interface{}{true, now - 1})
		t.refused("error", response.Err(), rpctypes.ErrCompacted)
		_, open := <-ch
		t.equal("open", open, false)
		t.equal("at the floor", describe(t.watch(t.prefix+"a", clientv3.WithRev(now-1)).events(2)), "put a=2; put a=3")
		t.equal("above", describe(t.watch(t.prefix+"a", clientv3.WithRev(now)).events(1)), "put a=3")
	})

	alone("watch: a compaction leaves those that have caught up alone", func(t *T) {
		w := t.watch(t.prefix, clientv3.WithPrefix())
		t.fill("a=1", "a=2")
		t.equal("before", describe(w.events(2)), "put a=1; put a=2")
		t.must(only(t.cli.Compact(t.ctx, t.revision())))
		t.fill("a=3")
		t.equal("after", describe(w.events(1)), "put a=3")
	})

	alone("watch: 2000 events of the past, with no revision in two responses", func(t *T) {
		before := t.revision()
		for revision := 0; revision < 40; revision++ {
			ops := []clientv3.Op{}
			for i := 0; i < 50; i++ {
				ops = append(ops, clientv3.OpPut(fmt.Sprint(t.prefix, i), fmt.Sprint(revision)))
			}
			t.commit(nil, ops)
		}
		w := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithRev(before+1))
		for count, last := 0, int64(0); count < 2000; {
			response := w.next()
			t.must(response.Err())
			t.truly("first revision of a response", response.Events[0].Kv.ModRevision > last)
			for i, event := range response.Events {
				t.equal("revision", event.Kv.ModRevision, before+1+int64((count+i)/50))
				t.equal("key", string(event.Kv.Key), fmt.Sprint(t.prefix, (count+i)%50))
			}
			count += len(response.Events)
			last = response.Events[len(response.Events)-1].Kv.ModRevision
			t.truly("revision of the header", response.Header.Revision >= last)
		}
	})

	alone("watch: progress on request has the current revision", func(t *T) {
		w := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithProgressNotify())
		t.put("elsewhere", "1")
		now := t.revision()
		// A server that is behind does not answer.
		var progress clientv3.WatchResponse
		t.until("progress is reported", func() bool {
			t.must(t.cli.RequestProgress(t.ctx))
			select {
			case progress = <-w.ch:
				return progress.Header.Revision == now
			case <-time.After(time.Second):
				return false
			}
		})
		t.truly("is progress", progress.IsProgressNotify())
		t.put(t.prefix+"a", "1")
		t.until("the event comes", func() bool { return len(w.next().Events) == 1 })
	})

	together("watch: filters of puts and of deletes", func(t *T) {
		deletes := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithFilterPut(), clientv3.WithPrevKV())
		puts := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithFilterDelete())
		t.fill("a=1")
		t.del(t.prefix + "a")
		t.fill("a=2")
		t.equal("deletes", describe(deletes.next().Events), "delete a,was 1")
		t.equal("puts", describe(puts.next().Events)+"; "+describe(puts.next().Events), "put a=1; put a=2")
		t.commit(nil, []clientv3.Op{clientv3.OpDelete(t.prefix + "a"), clientv3.OpPut(t.prefix+"b", "1")})
		t.equal("half of a transaction", describe(puts.next().Events), "put b=1")
	})

	together("watch: without prev_kv there is no previous pair", func(t *T) {
		w := t.watch(t.prefix + "a")
		t.fill("a=1", "a=2", "ab=1")
		t.del(t.prefix + "a")
		t.equal("events", describe(w.events(3)), "put a=1; put a=2; delete a")
	})

	alone("watch: ranges of all kinds", func(t *T) {
		bounds := t.watch(t.prefix+"b", clientv3.WithRange(t.prefix+"d"))
		from := t.watch(t.prefix+"c", clientv3.WithFromKey())
		all := t.watch("", clientv3.WithPrefix())
		t.fill("a=1", "b=1", "c=1", "d=1")
		t.equal("all", describe(all.events(4)), "put a=1; put b=1; put c=1; put d=1")
		t.equal("bounds", describe(bounds.events(2)), "put b=1; put c=1")
		t.equal("from", describe(from.events(1)), "put c=1")
	})

	together("watch: a canceled one ends, and others continue", func(t *T) {
		one, other := t.watch(t.prefix+"a"), t.watch(t.prefix+"a")
		one.stop()
		t.until("it ends", func() bool { _, open := <-one.ch; return !open })
		t.fill("a=1")
		t.equal("other", describe(other.next().Events), "put a=1")
		t.must(t.cli.Watcher.Close())
		t.until("all end", func() bool { _, open := <-other.ch; return !open })
	})

	together("watch: 200 keys on one connection", func(t *T) {
		chans := []clientv3.WatchChan{}
		for i := 0; i < 200; i++ {
			chans = append(chans, t.watch(fmt.Sprintf("%s%03d", t.prefix, i), clientv3.WithFilterDelete()).ch)
		}
		for i := range chans {
			t.put(fmt.Sprintf("%s%03d", t.prefix, i), fmt.Sprint(i))
		}
		for i, ch := range chans {
			events := (&watched{t: t, ch: ch}).next().Events
			t.equal("events", describe(events), fmt.Sprintf("put %03d=%d", i, i))
		}
	})

	together("watch: 200 streams, each with a leader required", func(t *T) {
		all := []*watched{}
		for i := 0; i < 200; i++ {
			w := clientv3.NewWatcher(t.cli)
			t.atEnd(func() { w.Close() })
			ch := w.Watch(clientv3.WithRequireLeader(t.ctx), t.prefix+"a", clientv3.WithCreatedNotify())
			all = append(all, &watched{t: t, ch: ch})
			all[i].next()
		}
		t.fill("a=1")
		for _, w := range all {
			t.equal("events", describe(w.next().Events), "put a=1")
		}
	})

	together("watch: unique and in order under three writers", func(t *T) {
		const each = 100
		start := t.revision()
		live := t.watch(t.prefix, clientv3.WithPrefix())
		problems := make(chan error, 3)
		for writer := 0; writer < 3; writer++ {
			writer := writer
			go func() {
				for i := 0; i < each; i++ {
					if _, err := t.cli.Put(t.ctx, fmt.Sprint(t.prefix, i%7), fmt.Sprint(writer, ".", i)); err != nil {
						problems <- err
						return
					}
				}
				problems <- nil
			}()
		}
		seen := live.events(3 * each)
		for writer := 0; writer < 3; writer++ {
			t.must(<-problems)
		}
		next := map[byte]int{}
		for i, event := range seen {
			t.truly("revisions rise", i == 0 || event.Kv.ModRevision > seen[i-1].Kv.ModRevision)
			writer := event.Kv.Value[0]
			t.equal("order of a writer", string(event.Kv.Value[2:]), fmt.Sprint(next[writer]))
			next[writer]++
		}
		past := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithRev(start+1)).events(3 * each)
		for i, event := range past {
			t.equal("same history", event.Kv.ModRevision, seen[i].Kv.ModRevision)
		}
	})

	together("watch: a slow reader gets everything", func(t *T) {
		slow := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithPrevKV())
		value := strings.Repeat("v", 10_000)
		for i := 0; i < 400; i++ {
			t.put(t.prefix+"k", fmt.Sprint(i)+"."+value)
		}
		for i, event := range slow.events(400) {
			t.truly("next value", strings.HasPrefix(string(event.Kv.Value), fmt.Sprint(i, ".")))
			t.truly("previous value", i == 0 || strings.HasPrefix(string(event.PrevKv.Value), fmt.Sprint(i-1, ".")))
		}
	})
}
