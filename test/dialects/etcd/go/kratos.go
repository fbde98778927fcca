package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"go.etcd.io/etcd/clientv3"
)

// The calls of Kratos' registry, in the order of contrib/registry/etcd/registry.go and watcher.go of go-kratos/kratos 3.0.0.

type kratosInstance struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Version   string            `json:"version"`
	Metadata  map[string]string `json:"metadata"`
	Endpoints []string          `json:"endpoints"`
}

func kratosKey(name string) string { return "/microservices/" + name }

func kratosExample(name, id string) kratosInstance {
	return kratosInstance{id, name, "1.0", map[string]string{"zone": "a"}, []string{"grpc://10.0.0." + id + ":9000?isSecure=false"}}
}

// kratosRegister registers an instance and keeps it registered until the returned function is called.
func (t *T) kratosRegister(cli *clientv3.Client, instance kratosInstance) func() {
	key := kratosKey(instance.Name) + "/" + instance.ID
	text, _ := json.Marshal(instance)
	lease := clientv3.NewLease(cli)
	put := func(ctx context.Context) (clientv3.LeaseID, error) {
		granted, err := lease.Grant(ctx, 2) // 15 in Kratos
		if err != nil {
			return 0, err
		}
		_, err = cli.Put(ctx, key, string(text), clientv3.WithLease(granted.ID))
		return granted.ID, err
	}
	id, err := put(t.ctx)
	t.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	t.atEnd(cancel)
	go func() {
		for ctx.Err() == nil {
			if ch, err := cli.KeepAlive(ctx, id); err == nil {
				for range ch {
				}
			}
			for ctx.Err() == nil {
				limited, end := context.WithTimeout(ctx, 3*time.Second)
				again, err := put(limited)
				end()
				if err == nil {
					id = again
					break
				}
				time.Sleep(100 * time.Millisecond) // a second or more in Kratos
			}
		}
	}()
	return func() {
		cancel()
		t.must(only(cli.Delete(t.ctx, key)))
		lease.Close()
	}
}

type kratosWatcher struct {
	t       *T
	cli     *clientv3.Client
	name    string
	watcher clientv3.Watcher
	ch      clientv3.WatchChan
}

func (t *T) kratosWatch(name string) *kratosWatcher {
	w := &kratosWatcher{t: t, cli: t.client(), name: name}
	t.must(w.watch())
	return w
}

func (w *kratosWatcher) watch() error {
	w.watcher = clientv3.NewWatcher(w.cli)
	w.ch = w.watcher.Watch(w.t.ctx, kratosKey(w.name), clientv3.WithPrefix(), clientv3.WithRev(0), clientv3.WithKeysOnly())
	return w.watcher.RequestProgress(w.t.ctx)
}

func (w *kratosWatcher) instances() string {
	answer, err := w.cli.Get(w.t.ctx, kratosKey(w.name), clientv3.WithPrefix())
	if err != nil {
		return err.Error()
	}
	ids := []string{}
	for _, kv := range answer.Kvs {
		var instance kratosInstance
		w.t.must(json.Unmarshal(kv.Value, &instance))
		if instance.Name == w.name {
			ids = append(ids, instance.ID)
		}
	}
	sort.Strings(ids)
	return strings.Join(ids, " ")
}

// expect reads the instances now, and then after each response, until they are as expected.
func (w *kratosWatcher) expect(want string) {
	for got := w.instances(); got != want; got = w.instances() {
		select {
		case response, open := <-w.ch:
			if !open || response.Err() != nil {
				w.watcher.Close()
				w.t.must(w.watch())
			}
		case <-w.t.ctx.Done():
			w.t.fail("instances: got %s, want %s", got, want)
		}
	}
}

func init() {
	together("Kratos: registers, watches, registers again and deregisters", func(t *T) {
		watcher := t.kratosWatch("shop")
		cli := t.client()
		one := t.kratosRegister(cli, kratosExample("shop", "1"))
		watcher.expect("1")
		other := t.kratosRegister(t.client(), kratosExample("shop", "2"))
		t.kratosRegister(t.client(), kratosExample("shopping", "3"))
		watcher.expect("1 2")
		time.Sleep(3 * time.Second)
		watcher.expect("1 2")
		lease := t.get("/microservices/shop/1").Kvs[0].Lease
		t.must(only(t.cli.Revoke(t.ctx, clientv3.LeaseID(lease))))
		t.until("it registers again", func() bool { return t.get("/microservices/shop/1").Count == 1 })
		other()
		watcher.expect("1")
		one()
		watcher.expect("")
		t.equal("the other service", t.get("/microservices/shopping/3").Count, int64(1))
	})

	together("Kratos: one that crashes expires", func(t *T) {
		watcher, cli := t.kratosWatch("crashed"), t.client()
		t.kratosRegister(cli, kratosExample("crashed", "1"))
		watcher.expect("1")
		cli.Close()
		watcher.expect("")
	})

	acrossRestart("Kratos: a registration and a watcher survive", func(t *T) {
		watcher := t.kratosWatch("kept")
		one := t.kratosRegister(t.client(), kratosExample("kept", "1"))
		watcher.expect("1")
		t.restart()
		t.kratosRegister(t.client(), kratosExample("kept", "2"))
		watcher.expect(fmt.Sprint("1 2"))
		one()
		watcher.expect("2")
	})
}
