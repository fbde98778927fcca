package main

import (
	"context"
	"sort"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
)

// The calls of go-kit's registrar and instancer, in the order of sd/etcdv3/client.go and sd/etcdv3/instancer.go of go-kit/kit
// 0.13. Debian packages go-kit without them.

type kitClient struct {
	cli     *clientv3.Client
	ctx     context.Context
	leaser  clientv3.Lease
	watcher clientv3.Watcher
}

func (t *T) kit() *kitClient {
	cli := t.client(func(config *clientv3.Config) {
		config.DialKeepAliveTime = 3 * time.Second
	})
	return &kitClient{cli: cli, ctx: t.ctx}
}

func (c *kitClient) getEntries(prefix string) (string, error) {
	answer, err := c.cli.Get(c.ctx, prefix, clientv3.WithPrefix())
	if err != nil {
		return "", err
	}
	entries := []string{}
	for _, kv := range answer.Kvs {
		entries = append(entries, string(kv.Value))
	}
	sort.Strings(entries)
	return strings.Join(entries, " "), nil
}

func (c *kitClient) watchPrefix(prefix string, changed chan struct{}) {
	c.watcher = clientv3.NewWatcher(c.cli)
	ch := c.watcher.Watch(c.ctx, prefix, clientv3.WithPrefix(), clientv3.WithRev(0))
	changed <- struct{}{}
	for response := range ch {
		if response.Canceled {
			return
		}
		changed <- struct{}{}
	}
}

func (c *kitClient) register(key, value string, ttlSeconds int64) error {
	c.leaser, c.watcher = clientv3.NewLease(c.cli), clientv3.NewWatcher(c.cli)
	granted, err := c.leaser.Grant(c.ctx, ttlSeconds)
	if err != nil {
		return err
	}
	if _, err := c.cli.Put(c.ctx, key, value, clientv3.WithLease(granted.ID)); err != nil {
		return err
	}
	ch, err := c.leaser.KeepAlive(c.ctx, granted.ID)
	go func() {
		for range ch {
		}
	}()
	return err
}

// deregister sends the delete as go-kit does, with an option that deletes ignore.
func (c *kitClient) deregister(key string) error {
	_, err := c.cli.Delete(c.ctx, key, clientv3.WithIgnoreLease())
	c.leaser.Close()
	c.watcher.Close()
	return err
}

type kitInstancer struct {
	lock      sync.Mutex
	instances string
}

func (t *T) kitInstancer(prefix string) *kitInstancer {
	client, instancer := t.kit(), &kitInstancer{}
	update := func() {
		entries, err := client.getEntries(prefix)
		if err == nil {
			instancer.lock.Lock()
			instancer.instances = entries
			instancer.lock.Unlock()
		}
	}
	update()
	go func() {
		changed := make(chan struct{})
		go client.watchPrefix(prefix, changed)
		for {
			select {
			case <-changed:
				update()
			case <-t.ctx.Done():
				return
			}
		}
	}()
	return instancer
}

func (t *T) instances(i *kitInstancer, want string) {
	t.until("the instancer has ["+want+"]", func() bool {
		i.lock.Lock()
		defer i.lock.Unlock()
		return i.instances == want
	})
}

func init() {
	together("go-kit: registrars and an instancer", func(t *T) {
		instancer := t.kitInstancer(t.prefix + "addsvc")
		one, other := t.kit(), t.kit()
		t.must(one.register(t.prefix+"addsvc/10.0.0.1:8080", "10.0.0.1:8080", 2))
		t.must(other.register(t.prefix+"addsvc2/10.0.0.2:8080", "http://10.0.0.2:8080", 2))
		t.instances(instancer, "10.0.0.1:8080 http://10.0.0.2:8080")
		time.Sleep(4 * time.Second)
		t.instances(instancer, "10.0.0.1:8080 http://10.0.0.2:8080")
		t.must(one.deregister(t.prefix + "addsvc/10.0.0.1:8080"))
		t.instances(instancer, "http://10.0.0.2:8080")
		other.cli.Close()
		t.instances(instancer, "")
	})

	// Nothing of go-kit registers or watches again: an early expiry or a canceled watch would be for good.
	acrossRestart("go-kit: a registration and an instancer survive", func(t *T) {
		instancer := t.kitInstancer(t.prefix + "addsvc")
		one := t.kit()
		t.must(one.register(t.prefix+"addsvc/10.0.0.1:8080", "10.0.0.1:8080", 10))
		t.instances(instancer, "10.0.0.1:8080")
		t.restart()
		t.must(t.kit().register(t.prefix+"addsvc/10.0.0.2:8080", "10.0.0.2:8080", 10))
		t.instances(instancer, "10.0.0.1:8080 10.0.0.2:8080")
		t.must(one.deregister(t.prefix + "addsvc/10.0.0.1:8080"))
		t.instances(instancer, "10.0.0.2:8080")
	})
}
