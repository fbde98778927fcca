package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/clientv3/concurrency"
	"go.etcd.io/etcd/clientv3/leasing"
	"go.etcd.io/etcd/clientv3/mirror"
	"go.etcd.io/etcd/clientv3/namespace"
	"go.etcd.io/etcd/clientv3/ordering"
	"go.etcd.io/etcd/etcdserver/api/v3election/v3electionpb"
	"go.etcd.io/etcd/etcdserver/api/v3lock/v3lockpb"
)

func (t *T) session(ttl int) *concurrency.Session {
	session, err := concurrency.NewSession(t.client(), concurrency.WithTTL(ttl))
	t.must(err)
	t.atEnd(func() { session.Close() })
	return session
}

// later runs a call that blocks, and returns a channel with its error.
func later(call func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- call() }()
	return done
}

// waits checks that a call still blocks.
func (t *T) waits(what string, done <-chan error) {
	select {
	case err := <-done:
		t.fail("%s: does not wait: %v", what, err)
	case <-time.After(100 * time.Millisecond):
	}
}

func (t *T) ends(what string, done <-chan error) {
	select {
	case err := <-done:
		t.must(err)
	case <-t.ctx.Done():
		t.fail("%s: still waits", what)
	}
}

func init() {
	together("concurrency: Mutex passes from owner to owner", func(t *T) {
		one, other := t.session(60), t.session(60)
		first, second := concurrency.NewMutex(one, t.prefix+"lock"), concurrency.NewMutex(other, t.prefix+"lock")
		t.must(first.Lock(t.ctx))
		t.equal("key", first.Key(), fmt.Sprintf("%slock/%x", t.prefix, one.Lease()))
		t.equal("owner", t.commit([]clientv3.Cmp{first.IsOwner()}, nil).Succeeded, true)
		waiting := later(func() error { return second.Lock(t.ctx) })
		t.waits("second", waiting)
		impatient, cancel := context.WithCancel(t.ctx)
		defer cancel()
		third := concurrency.NewMutex(t.session(60), t.prefix+"lock")
		givesUp := later(func() error { return third.Lock(impatient) })
		t.until("the third waits", func() bool { return t.get(t.prefix+"lock/", clientv3.WithPrefix()).Count == 3 })
		cancel()
		t.refused("third", <-givesUp, context.Canceled)
		// It removes its key unless it gave up before it knew that the key was written.
		t.must(third.Unlock(t.ctx))
		t.until("the third withdraws", func() bool { return t.get(t.prefix+"lock/", clientv3.WithPrefix()).Count == 2 })
		t.must(first.Unlock(t.ctx))
		t.ends("second", waiting)
		t.equal("former owner", t.commit([]clientv3.Cmp{first.IsOwner()}, nil).Succeeded, false)
		t.must(second.Unlock(t.ctx))
	})

	together("concurrency: Mutex passes on when the owner's session ends", func(t *T) {
		one, other := t.session(6), t.session(60)
		first, second := concurrency.NewMutex(one, t.prefix+"lock"), concurrency.NewMutex(other, t.prefix+"lock")
		t.must(first.Lock(t.ctx))
		waiting := later(func() error { return second.Lock(t.ctx) })
		t.waits("second", waiting)
		// Its keep-alives stop, as those of a program that has crashed.
		one.Orphan()
		t.ends("second", waiting)
		t.equal("first", t.commit([]clientv3.Cmp{first.IsOwner()}, nil).Succeeded, false)
	})

	together("concurrency: Session ends when its lease is revoked", func(t *T) {
		session := t.session(60)
		t.must(only(t.cli.Revoke(t.ctx, session.Lease())))
		select {
		case <-session.Done():
		case <-t.ctx.Done():
			t.fail("the session does not end")
		}
	})

	together("concurrency: Mutex excludes 5 contenders", func(t *T) {
		var inside, most, total int
		var all sync.WaitGroup
		var count sync.Mutex
		problems := make(chan error, 5)
		for i := 0; i < 5; i++ {
			mutex := concurrency.NewMutex(t.session(60), t.prefix+"lock")
			all.Add(1)
			go func() {
				defer all.Done()
				for turn := 0; turn < 5; turn++ {
					if err := mutex.Lock(t.ctx); err != nil {
						problems <- err
						return
					}
					count.Lock()
					inside, total = inside+1, total+1
					if inside > most {
						most = inside
					}
					count.Unlock()
					time.Sleep(time.Millisecond)
					count.Lock()
					inside--
					count.Unlock()
					if err := mutex.Unlock(t.ctx); err != nil {
						problems <- err
						return
					}
				}
			}()
		}
		all.Wait()
		t.equal("problems", len(problems), 0)
		t.equal("most inside, and turns", []int{most, total}, []int{1, 25})
	})

	together("concurrency: Election campaigns, proclaims, observes and resigns", func(t *T) {
		one, other := concurrency.NewElection(t.session(60), t.prefix+"e"), concurrency.NewElection(t.session(60), t.prefix+"e")
		_, err := one.Leader(t.ctx)
		t.refused("no leader", err, concurrency.ErrElectionNoLeader)
		t.must(one.Campaign(t.ctx, "one"))
		observed := other.Observe(t.ctx)
		seen := func() string {
			select {
			case answer := <-observed:
				return string(answer.Kvs[0].Value)
			case <-t.ctx.Done():
				t.fail("nothing is observed")
				return ""
			}
		}
		t.equal("observed", seen(), "one")
		waiting := later(func() error { return other.Campaign(t.ctx, "other") })
		t.waits("other", waiting)
		t.must(one.Proclaim(t.ctx, "one again"))
		t.equal("observed proclamation", seen(), "one again")
		leader, err := other.Leader(t.ctx)
		t.must(err)
		t.equal("leader", []interface{}{string(leader.Kvs[0].Value), leader.Kvs[0].CreateRevision}, []interface{}{"one again", one.Rev()})
		t.must(one.Resign(t.ctx))
		t.ends("other", waiting)
		t.equal("observed successor", seen(), "other")
		t.refused("proclaim after resigning", one.Proclaim(t.ctx, "late"), concurrency.ErrElectionNotLeader)
		resumed := concurrency.ResumeElection(t.session(60), t.prefix+"e", other.Key(), other.Rev())
		t.must(resumed.Resign(t.ctx))
		_, err = one.Leader(t.ctx)
		t.refused("no leader at the end", err, concurrency.ErrElectionNoLeader)
	})

	together("concurrency: STM transfers between accounts under conflicts", func(t *T) {
		t.fill("a=100", "b=100", "c=100")
		names := []string{"a", "b", "c"}
		var all sync.WaitGroup
		problems := make(chan error, 100)
		for worker := 0; worker < 6; worker++ {
			worker := worker
			all.Add(1)
			go func() {
				defer all.Done()
				isolation := []concurrency.Isolation{concurrency.SerializableSnapshot, concurrency.Serializable, concurrency.RepeatableReads}[worker%3]
				for i := 0; i < 5; i++ {
					from, to := t.prefix+names[(worker+i)%3], t.prefix+names[(worker+i+1)%3]
					_, err := concurrency.NewSTM(t.cli, func(stm concurrency.STM) error {
						one, _ := strconv.Atoi(stm.Get(from))
						other, _ := strconv.Atoi(stm.Get(to))
						stm.Put(from, strconv.Itoa(one-7))
						stm.Put(to, strconv.Itoa(other+7))
						return nil
					}, concurrency.WithIsolation(isolation), concurrency.WithAbortContext(t.ctx), concurrency.WithPrefetch(from, to))
					if err != nil {
						problems <- err
					}
				}
			}()
		}
		all.Wait()
		t.equal("problems", len(problems), 0)
		sum := 0
		for _, kv := range t.get(t.prefix, clientv3.WithPrefix()).Kvs {
			value, _ := strconv.Atoi(string(kv.Value))
			sum += value
		}
		t.equal("sum", sum, 300)
	})

	together("lock service: locks wait, and end with their lease", func(t *T) {
		locks := v3lockpb.NewLockClient(t.cli.ActiveConnection())
		one, other := t.grant(60), t.grant(60)
		lock := func(lease clientv3.LeaseID) (*v3lockpb.LockResponse, error) {
			return locks.Lock(t.ctx, &v3lockpb.LockRequest{Name: []byte(t.prefix + "l"), Lease: int64(lease)})
		}
		first, err := lock(one)
		t.must(err)
		t.equal("key", string(first.Key), fmt.Sprintf("%sl/%x", t.prefix, one))
		again, err := lock(one)
		t.must(err)
		t.equal("same key again", string(again.Key), string(first.Key))
		waiting := later(func() error { _, err := lock(other); return err })
		t.waits("second", waiting)
		t.must(only(t.cli.Revoke(t.ctx, one)))
		t.ends("second", waiting)
		_, err = locks.Unlock(t.ctx, &v3lockpb.UnlockRequest{Key: []byte(fmt.Sprintf("%sl/%x", t.prefix, other))})
		t.must(err)
		_, err = locks.Unlock(t.ctx, &v3lockpb.UnlockRequest{Key: first.Key})
		t.must(err)
		own, err := lock(0)
		t.must(err)
		lease := t.get(string(own.Key)).Kvs[0].Lease
		t.equal("lease of the server", t.timeToLive(clientv3.LeaseID(lease)).GrantedTTL, int64(60))
	})

	together("lock service: a caller that gives up leaves nothing", func(t *T) {
		locks := v3lockpb.NewLockClient(t.cli.ActiveConnection())
		request := func() *v3lockpb.LockRequest {
			return &v3lockpb.LockRequest{Name: []byte(t.prefix + "l"), Lease: int64(t.grant(60))}
		}
		_, err := locks.Lock(t.ctx, request())
		t.must(err)
		impatient, cancel := context.WithCancel(t.ctx)
		defer cancel()
		waiting := later(func() error { return only(locks.Lock(impatient, request())) })
		t.until("it waits", func() bool { return t.get(t.prefix, clientv3.WithPrefix()).Count == 2 })
		cancel()
		t.truly("it gives up", <-waiting != nil)
		soon := time.Now().Add(3 * time.Second)
		t.until("its key is gone", func() bool {
			return time.Now().After(soon) || t.get(t.prefix, clientv3.WithPrefix()).Count == 1
		})
		t.equal("keys", t.get(t.prefix, clientv3.WithPrefix()).Count, int64(1))
	})

	together("election service: campaign, leader, proclaim, observe and resign", func(t *T) {
		elections := v3electionpb.NewElectionClient(t.cli.ActiveConnection())
		name, lease := []byte(t.prefix+"e"), int64(t.grant(60))
		_, err := elections.Leader(t.ctx, &v3electionpb.LeaderRequest{Name: name})
		t.truly("no leader", err != nil && strings.Contains(err.Error(), "code = Unknown desc = election: no leader"))
		won, err := elections.Campaign(t.ctx, &v3electionpb.CampaignRequest{Name: name, Lease: lease, Value: []byte("one")})
		t.must(err)
		t.equal("leader", []interface{}{string(won.Leader.Key), won.Leader.Lease}, []interface{}{fmt.Sprintf("%se/%x", t.prefix, lease), lease})
		observing, stop := context.WithCancel(t.ctx)
		defer stop()
		stream, err := elections.Observe(observing, &v3electionpb.LeaderRequest{Name: name})
		t.must(err)
		seen, err := stream.Recv()
		t.must(err)
		t.equal("observed", string(seen.Kv.Value), "one")
		_, err = elections.Proclaim(t.ctx, &v3electionpb.ProclaimRequest{Leader: won.Leader, Value: []byte("two")})
		t.must(err)
		seen, err = stream.Recv()
		t.must(err)
		t.equal("observed again", string(seen.Kv.Value), "two")
		answer, err := elections.Leader(t.ctx, &v3electionpb.LeaderRequest{Name: name})
		t.must(err)
		t.equal("led", []interface{}{string(answer.Kv.Value), answer.Kv.CreateRevision}, []interface{}{"two", won.Leader.Rev})
		t.must(only(elections.Resign(t.ctx, &v3electionpb.ResignRequest{Leader: won.Leader})))
		_, err = elections.Proclaim(t.ctx, &v3electionpb.ProclaimRequest{Leader: won.Leader, Value: []byte("late")})
		t.truly("not leader", err != nil && strings.Contains(err.Error(), "election: not leader"))
	})

	together("namespace: a client under a prefix", func(t *T) {
		kv, watcher := namespace.NewKV(t.cli.KV, t.prefix), namespace.NewWatcher(t.cli.Watcher, t.prefix)
		ch := watcher.Watch(t.ctx, "", clientv3.WithPrefix(), clientv3.WithCreatedNotify())
		<-ch
		t.must(only(kv.Put(t.ctx, "a", "1")))
		t.must(only(kv.Txn(t.ctx).If(clientv3.Compare(clientv3.Value("a"), "=", "1")).Then(clientv3.OpPut("b", "2")).Commit()))
		all, err := kv.Get(t.ctx, "a", clientv3.WithFromKey())
		t.must(err)
		t.equal("keys", keys(all.Kvs), "a b")
		t.equal("events", describe((&watched{t: t, ch: ch}).events(2)), "put a=1; put b=2")
		t.equal("whole key", t.get(t.prefix+"b").Count, int64(1))
	})

	together("mirror: a copy of a prefix with its changes", func(t *T) {
		for i := 0; i < 30; i++ {
			t.put(fmt.Sprintf("%s%02d", t.prefix, i), "1")
		}
		syncer := mirror.NewSyncer(t.cli, t.prefix, 0)
		pages, problems := syncer.SyncBase(t.ctx)
		count := 0
		for page := range pages {
			count += len(page.Kvs)
		}
		t.must(<-problems)
		t.equal("base", count, 30)
		t.put(t.prefix+"new", "1")
		t.equal("update", describe((&watched{t: t, ch: syncer.SyncUpdates(t.ctx)}).events(1)), "put new=1")
	})

	together("leasing: a cache that owners of keys invalidate", func(t *T) {
		one, closeOne, err := leasing.NewKV(t.client(), t.prefix+"own/")
		t.must(err)
		defer closeOne()
		other, closeOther, err := leasing.NewKV(t.client(), t.prefix+"own/")
		t.must(err)
		defer closeOther()
		t.must(only(one.Put(t.ctx, t.prefix+"k", "1")))
		read := func(kv clientv3.KV) string {
			answer, err := kv.Get(t.ctx, t.prefix+"k")
			t.must(err)
			return string(answer.Kvs[0].Value)
		}
		t.equal("read", []string{read(one), read(other)}, []string{"1", "1"})
		t.must(only(other.Put(t.ctx, t.prefix+"k", "2")))
		t.equal("read of the change", []string{read(one), read(other)}, []string{"2", "2"})
	})

	together("ordering: revisions never go back for a reader", func(t *T) {
		kv := ordering.NewKV(t.cli.KV, func(clientv3.Op, clientv3.OpResponse, int64) error { return fmt.Errorf("went back") })
		for i := 0; i < 50; i++ {
			t.must(only(kv.Put(t.ctx, t.prefix+"k", fmt.Sprint(i))))
			answer, err := kv.Get(t.ctx, t.prefix+"k", clientv3.WithSerializable())
			t.must(err)
			t.equal("own write", string(answer.Kvs[0].Value), fmt.Sprint(i))
		}
	})
}

// only drops the answer of a call, and keeps its error.
func only(_ interface{}, err error) error { return err }
