package main

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/etcdserver/api/v3rpc/rpctypes"
	"google.golang.org/grpc/connectivity"
)

// The calls of go-zero's publisher and subscriber, in the order of core/discov/publisher.go,
// core/discov/internal/registry.go and core/discov/internal/statewatcher.go of zeromicro/go-zero after 1.9.4.

const (
	// zeroRetry is a second in go-zero.
	zeroRetry = 200 * time.Millisecond
	// zeroTTLSeconds is 10 in go-zero.
	zeroTTLSeconds = 2
)

// zeroClient dials as go-zero does: it synchronizes its list of members each minute there, and each second here.
func (t *T) zeroClient() *clientv3.Client {
	return t.client(func(config *clientv3.Config) {
		config.AutoSyncInterval = time.Second
		config.RejectOldCluster = true
		config.PermitWithoutStream = true
	})
}

type zeroPublisher struct {
	cli     *clientv3.Client
	key     string
	value   string
	id      int64
	lock    sync.Mutex
	fullKey string
	lease   clientv3.LeaseID
	quit    chan struct{}
	// watching has a value for each watch that has begun.
	watching chan struct{}
}

func (t *T) publish(key, value string, id int64) *zeroPublisher {
	p := &zeroPublisher{cli: t.zeroClient(), key: key, value: value, id: id, quit: make(chan struct{}), watching: make(chan struct{}, 100)}
	t.must(p.register())
	go p.keep()
	return p
}

func (p *zeroPublisher) register() error {
	granted, err := p.cli.Grant(p.cli.Ctx(), zeroTTLSeconds)
	if err != nil {
		return err
	}
	p.lock.Lock()
	p.lease = granted.ID
	p.fullKey = fmt.Sprintf("%s/%d", p.key, int64(granted.ID))
	if p.id > 0 {
		p.fullKey = fmt.Sprintf("%s/%d", p.key, p.id)
	}
	p.lock.Unlock()
	_, err = p.cli.Put(p.cli.Ctx(), p.fullKey, p.value, clientv3.WithLease(p.lease))
	return err
}

// state returns the current key and its lease.
func (p *zeroPublisher) state() (string, clientv3.LeaseID) {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.fullKey, p.lease
}

// keep renews the lease, puts the key again when it is deleted, and registers again when the lease has ended.
func (p *zeroPublisher) keep() {
	for {
		ch, err := p.cli.KeepAlive(p.cli.Ctx(), p.lease)
		deletes := p.cli.Watch(p.cli.Ctx(), p.fullKey, clientv3.WithFilterPut())
		p.watching <- struct{}{}
		for err == nil {
			select {
			case _, open := <-ch:
				if !open {
					p.cli.Revoke(p.cli.Ctx(), p.lease)
					err = rpctypes.ErrLeaseNotFound
				}
			case response := <-deletes:
				err = response.Err()
				for _, event := range response.Events {
					if event.Type == clientv3.EventTypeDelete {
						p.cli.Put(p.cli.Ctx(), p.fullKey, p.value, clientv3.WithLease(p.lease))
					}
				}
			case <-p.quit:
				p.cli.Revoke(p.cli.Ctx(), p.lease)
				return
			}
		}
		for err != nil {
			select {
			case <-p.quit:
				return
			case <-p.cli.Ctx().Done():
				return
			case <-time.After(zeroRetry):
				err = p.register()
			}
		}
	}
}

type zeroSubscriber struct {
	cli    *clientv3.Client
	key    string
	lock   sync.Mutex
	values map[string]string
	loads  int
	// stop ends the current watch.
	stop context.CancelFunc
}

func (t *T) subscribe(key string) *zeroSubscriber {
	s := &zeroSubscriber{cli: t.zeroClient(), key: key, values: map[string]string{}}
	go s.watch(s.load())
	go s.reloadWhenConnectedAgain()
	return s
}

// reloadWhenConnectedAgain cancels the watch, loads all, and watches again after each time that the connection was lost.
func (s *zeroSubscriber) reloadWhenConnectedAgain() {
	conn, lost := s.cli.ActiveConnection(), false
	for state := conn.GetState(); conn.WaitForStateChange(s.cli.Ctx(), state); state = conn.GetState() {
		switch conn.GetState() {
		case connectivity.TransientFailure, connectivity.Shutdown:
			lost = true
		case connectivity.Ready:
			if lost {
				lost = false
				s.lock.Lock()
				s.stop()
				s.lock.Unlock()
				go s.watch(s.load())
			}
		}
	}
}

func (s *zeroSubscriber) load() int64 {
	for {
		ctx, cancel := context.WithTimeout(s.cli.Ctx(), 3*time.Second)
		answer, err := s.cli.Get(ctx, s.key+"/", clientv3.WithPrefix())
		cancel()
		if err == nil {
			s.lock.Lock()
			defer s.lock.Unlock()
			s.loads++
			s.values = map[string]string{}
			for _, kv := range answer.Kvs {
				s.values[string(kv.Key)] = string(kv.Value)
			}
			return answer.Header.Revision
		}
		if s.cli.Ctx().Err() != nil {
			return 0
		}
		time.Sleep(zeroRetry)
	}
}

func (s *zeroSubscriber) watch(rev int64) {
	ctx, stop := context.WithCancel(s.cli.Ctx())
	s.lock.Lock()
	s.stop = stop
	s.lock.Unlock()
	for ctx.Err() == nil {
		err := s.watchOnce(ctx, rev)
		if rev != 0 && errors.Is(err, rpctypes.ErrCompacted) {
			rev = s.load()
		}
		time.Sleep(zeroRetry)
	}
}

func (s *zeroSubscriber) watchOnce(ctx context.Context, rev int64) error {
	ch := s.cli.Watch(clientv3.WithRequireLeader(ctx), s.key+"/", clientv3.WithPrefix(), clientv3.WithRev(rev+1))
	for response := range ch {
		if response.Canceled || response.Err() != nil {
			return response.Err()
		}
		s.lock.Lock()
		for _, event := range response.Events {
			if event.Type == clientv3.EventTypePut {
				s.values[string(event.Kv.Key)] = string(event.Kv.Value)
			} else {
				delete(s.values, string(event.Kv.Key))
			}
		}
		s.lock.Unlock()
	}
	return errors.New("the channel has been closed")
}

// current returns the sorted values.
func (s *zeroSubscriber) current() string {
	s.lock.Lock()
	defer s.lock.Unlock()
	values := []string{}
	for _, value := range s.values {
		values = append(values, value)
	}
	sort.Strings(values)
	return strings.Join(values, " ")
}

func (t *T) subscribed(s *zeroSubscriber, want string) {
	t.until("the subscriber has ["+want+"]", func() bool { return s.current() == want })
}

func init() {
	together("go-zero: a subscriber follows publishers, and stays in step with synchronized members", func(t *T) {
		subscriber := t.subscribe(t.prefix + "user.rpc")
		one := t.publish(t.prefix+"user.rpc", "10.0.0.1:8080", 0)
		t.publish(t.prefix+"user.rpc", "10.0.0.2:8080", 42)
		t.subscribed(subscriber, "10.0.0.1:8080 10.0.0.2:8080")
		t.equal("key with an id", t.get(t.prefix+"user.rpc/42").Count, int64(1))
		time.Sleep(4 * time.Second)
		t.equal("after twice their TTL", subscriber.current(), "10.0.0.1:8080 10.0.0.2:8080")
		close(one.quit)
		t.subscribed(subscriber, "10.0.0.2:8080")
	})

	together("go-zero: a publisher puts a deleted key again, and registers again when its lease has ended", func(t *T) {
		subscriber := t.subscribe(t.prefix + "user.rpc")
		publisher := t.publish(t.prefix+"user.rpc", "10.0.0.1:8080", 0)
		t.subscribed(subscriber, "10.0.0.1:8080")
		key, lease := publisher.state()
		// It starts to watch its own key after the put, and so would miss an earlier delete.
		<-publisher.watching
		t.del(key)
		t.until("the key is put again", func() bool { return t.get(key).Count == 1 })
		t.equal("same lease", t.get(key).Kvs[0].Lease, int64(lease))
		t.must(only(t.cli.Revoke(t.ctx, lease)))
		t.until("another key is there", func() bool {
			next, _ := publisher.state()
			return next != key && t.get(next).Count == 1
		})
		t.subscribed(subscriber, "10.0.0.1:8080")
	})

	together("go-zero: one that crashes expires", func(t *T) {
		subscriber := t.subscribe(t.prefix + "user.rpc")
		publisher := t.publish(t.prefix+"user.rpc", "10.0.0.1:8080", 0)
		t.subscribed(subscriber, "10.0.0.1:8080")
		publisher.cli.Close()
		t.subscribed(subscriber, "")
	})

	alone("go-zero: a subscriber whose revision has been compacted loads again", func(t *T) {
		t.put(t.prefix+"user.rpc/1", "10.0.0.1:8080")
		subscriber := &zeroSubscriber{cli: t.zeroClient(), key: t.prefix + "user.rpc", values: map[string]string{}}
		rev := subscriber.load()
		t.put(t.prefix+"user.rpc/2", "10.0.0.2:8080")
		t.put(t.prefix+"user.rpc/3", "10.0.0.3:8080")
		t.must(only(t.cli.Compact(t.ctx, rev+2)))
		go subscriber.watch(rev)
		t.subscribed(subscriber, "10.0.0.1:8080 10.0.0.2:8080 10.0.0.3:8080")
		t.put(t.prefix+"user.rpc/4", "10.0.0.4:8080")
		t.subscribed(subscriber, "10.0.0.1:8080 10.0.0.2:8080 10.0.0.3:8080 10.0.0.4:8080")
		subscriber.lock.Lock()
		defer subscriber.lock.Unlock()
		t.equal("loads", subscriber.loads, 2)
	})

	acrossRestart("go-zero: publisher and subscriber survive", func(t *T) {
		subscriber := t.subscribe(t.prefix + "user.rpc")
		one := t.publish(t.prefix+"user.rpc", "10.0.0.1:8080", 0)
		t.subscribed(subscriber, "10.0.0.1:8080")
		t.restart()
		t.publish(t.prefix+"user.rpc", "10.0.0.2:8080", 0)
		t.subscribed(subscriber, "10.0.0.1:8080 10.0.0.2:8080")
		close(one.quit)
		t.subscribed(subscriber, "10.0.0.2:8080")
	})
}
