package main

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"reflect"
	"sort"
	"strings"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/etcdserver/api/v3rpc/rpctypes"
)

// The calls of go-micro's registry for etcd, in the order of registry/etcd/etcd.go and registry/etcd/watcher.go of
// micro/go-micro. The lines up to 5.x renew a lease by a call of KeepAliveOnce; 6.x keeps a stream for it.

const microPrefix = "/micro/registry/"

type microNode struct {
	Id       string            `json:"id"`
	Address  string            `json:"address"`
	Metadata map[string]string `json:"metadata"`
}

type microService struct {
	Name      string            `json:"name"`
	Version   string            `json:"version"`
	Metadata  map[string]string `json:"metadata"`
	Endpoints []struct{}        `json:"endpoints"`
	Nodes     []microNode       `json:"nodes"`
}

type microRegistry struct {
	t        *T
	cli      *clientv3.Client
	register map[string]microNode
	leases   map[string]clientv3.LeaseID
	streams  map[string]<-chan *clientv3.LeaseKeepAliveResponse
	isNew    bool
}

func (t *T) micro(isNew bool) *microRegistry {
	return &microRegistry{t, t.client(), map[string]microNode{}, map[string]clientv3.LeaseID{},
		map[string]<-chan *clientv3.LeaseKeepAliveResponse{}, isNew}
}

func microKey(service, id string) string {
	return path.Join(microPrefix, strings.ReplaceAll(service, "/", "-"), strings.ReplaceAll(id, "/", "-"))
}

func decodeMicro(value []byte) *microService {
	var service *microService
	json.Unmarshal(value, &service)
	return service
}

func (r *microRegistry) renew(key string, id clientv3.LeaseID) error {
	if !r.isNew {
		_, err := r.cli.KeepAliveOnce(context.Background(), id)
		return err
	}
	if ch, has := r.streams[key]; has {
		select {
		case _, open := <-ch:
			if !open {
				delete(r.streams, key)
				return rpctypes.ErrLeaseNotFound
			}
		default:
		}
		return nil
	}
	ch, err := r.cli.KeepAlive(context.Background(), id)
	r.streams[key] = ch
	return err
}

// registerNode returns whether it has put the node.
func (r *microRegistry) registerNode(service microService, node microNode, ttl time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	key := microKey(service.Name, node.Id)
	lease, known := r.leases[key]
	if !known {
		answer, err := r.cli.Get(ctx, key, clientv3.WithSerializable())
		r.t.must(err)
		for _, kv := range answer.Kvs {
			if found := decodeMicro(kv.Value); kv.Lease > 0 && found != nil && len(found.Nodes) > 0 {
				lease = clientv3.LeaseID(kv.Lease)
				r.leases[key], r.register[key] = lease, found.Nodes[0]
			}
		}
	}
	lost := false
	if lease > 0 {
		if err := r.renew(key, lease); err != nil {
			r.t.refused("renewal", err, rpctypes.ErrLeaseNotFound)
			lost = true
		}
	}
	if before, known := r.register[key]; known && reflect.DeepEqual(before, node) && !lost {
		return false
	}
	service.Nodes = []microNode{node}
	value, _ := json.Marshal(service)
	opts := []clientv3.OpOption{}
	if ttl > 0 {
		granted, err := r.cli.Grant(ctx, int64(ttl.Seconds()))
		r.t.must(err)
		r.leases[key] = granted.ID
		opts = append(opts, clientv3.WithLease(granted.ID))
	}
	_, err := r.cli.Put(ctx, key, string(value), opts...)
	r.t.must(err)
	r.register[key] = node
	if id, has := r.leases[key]; has && r.isNew {
		r.renew(key, id)
	}
	return true
}

func (r *microRegistry) deregister(service, id string) {
	key := microKey(service, id)
	delete(r.register, key)
	delete(r.leases, key)
	r.t.must(only(r.cli.Delete(r.t.ctx, key)))
}

// getService returns versions with their nodes, as `1.0: a b`.
func (r *microRegistry) getService(name string) string {
	answer, err := r.cli.Get(r.t.ctx, path.Join(microPrefix, name)+"/", clientv3.WithPrefix(), clientv3.WithSerializable())
	r.t.must(err)
	versions := map[string][]string{}
	for _, kv := range answer.Kvs {
		service := decodeMicro(kv.Value)
		for _, node := range service.Nodes {
			versions[service.Version] = append(versions[service.Version], node.Id)
		}
	}
	shown := []string{}
	for version, nodes := range versions {
		shown = append(shown, version+": "+strings.Join(nodes, " "))
	}
	sort.Strings(shown)
	return strings.Join(shown, "; ")
}

type microWatcher struct {
	t  *T
	ch clientv3.WatchChan
}

func (r *microRegistry) watch(name string) *microWatcher {
	opts := []clientv3.OpOption{clientv3.WithPrefix(), clientv3.WithPrevKV()}
	// The confirmation is an addition: what a check does next is not to be missed.
	ch := r.cli.Watch(r.t.ctx, path.Join(microPrefix, name)+"/", append(opts, clientv3.WithCreatedNotify())...)
	<-ch
	return &microWatcher{r.t, ch}
}

// next returns the first event of a response, as go-micro does: it drops the others.
func (w *microWatcher) next() (string, error) {
	for {
		var response clientv3.WatchResponse
		select {
		case response = <-w.ch:
		case <-w.t.ctx.Done():
			return "", errors.New("nothing comes")
		}
		if response.Err() != nil || response.Canceled {
			return "", errors.New("could not get next")
		}
		for _, event := range response.Events {
			action, service := "delete", (*microService)(nil)
			switch {
			case event.Type == clientv3.EventTypeDelete:
				service = decodeMicro(event.PrevKv.Value)
			case event.IsCreate():
				action, service = "create", decodeMicro(event.Kv.Value)
			default:
				action, service = "update", decodeMicro(event.Kv.Value)
			}
			if service != nil {
				return action + " " + service.Nodes[0].Id + " " + service.Nodes[0].Address, nil
			}
		}
	}
}

func (w *microWatcher) expect(wanted ...string) {
	for _, want := range wanted {
		got, err := w.next()
		w.t.must(err)
		w.t.equal("result", got, want)
	}
}

func init() {
	node := func(id, address string) microNode {
		return microNode{id, address, map[string]string{"protocol": "grpc", "registry": "etcd"}}
	}

	together("go-micro: registers, renews, changes and deregisters a node", func(t *T) {
		registry := t.micro(false)
		service := microService{Name: "t/one", Version: "1.0"}
		watcher := registry.watch("t-one")
		t.equal("first", registry.registerNode(service, node("n1", "10.0.0.1:80"), 60*time.Second), true)
		before := t.get(microKey("t/one", "n1")).Kvs[0]
		for i := 0; i < 3; i++ {
			t.equal("again", registry.registerNode(service, node("n1", "10.0.0.1:80"), 60*time.Second), false)
		}
		t.equal("unchanged pair", *t.get(microKey("t/one", "n1")).Kvs[0], *before)
		t.equal("changed", registry.registerNode(service, node("n1", "10.0.0.9:80"), 60*time.Second), true)
		after := t.get(microKey("t/one", "n1")).Kvs[0]
		t.truly("another lease", after.Lease != before.Lease && after.Lease > 0)
		t.equal("old lease holds nothing", len(t.timeToLive(clientv3.LeaseID(before.Lease)).Keys), 0)
		registry.registerNode(microService{Name: "t/one", Version: "2.0"}, node("n2", "10.0.0.2:80"), 60*time.Second)
		t.equal("found", registry.getService("t-one"), "1.0: n1; 2.0: n2")
		registry.deregister("t/one", "n1")
		registry.deregister("t/one", "n2")
		t.equal("gone", registry.getService("t-one"), "")
		watcher.expect("create n1 10.0.0.1:80", "update n1 10.0.0.9:80", "create n2 10.0.0.2:80",
			"delete n1 10.0.0.9:80", "delete n2 10.0.0.2:80")
	})

	together("go-micro: adopts the lease of a former process, and registers again when it has ended", func(t *T) {
		service := microService{Name: "adopted", Version: "1.0"}
		t.micro(false).registerNode(service, node("n1", "10.0.0.1:80"), 60*time.Second)
		registry := t.micro(false)
		t.equal("adopted", registry.registerNode(service, node("n1", "10.0.0.1:80"), 60*time.Second), false)
		lease := t.get(microKey("adopted", "n1")).Kvs[0].Lease
		t.must(only(t.cli.Revoke(t.ctx, clientv3.LeaseID(lease))))
		t.equal("gone", registry.getService("adopted"), "")
		t.equal("again", registry.registerNode(service, node("n1", "10.0.0.1:80"), 60*time.Second), true)
		t.equal("back", registry.getService("adopted"), "1.0: n1")
		without := microService{Name: "permanent", Version: "1.0"}
		registry.registerNode(without, node("n1", "10.0.0.1:80"), 0)
		t.equal("no TTL, no lease", t.get(microKey("permanent", "n1")).Kvs[0].Lease, int64(0))
		registry.deregister("permanent", "n1")
		registry.deregister("adopted", "n1")
	})

	together("go-micro: a node that crashes expires, with its address in the delete", func(t *T) {
		registry := t.micro(false)
		watcher := registry.watch("crashed")
		registry.registerNode(microService{Name: "crashed", Version: "1.0"}, node("n1", "10.0.0.1:80"), 2*time.Second)
		watcher.expect("create n1 10.0.0.1:80", "delete n1 10.0.0.1:80")
	})

	together("go-micro 6: keeps a stream for a lease, and notices its end", func(t *T) {
		registry := t.micro(true)
		service := microService{Name: "streamed", Version: "1.0"}
		registry.registerNode(service, node("n1", "10.0.0.1:80"), 2*time.Second)
		time.Sleep(3 * time.Second)
		t.equal("alive after its TTL", registry.getService("streamed"), "1.0: n1")
		lease := t.get(microKey("streamed", "n1")).Kvs[0].Lease
		t.must(only(t.cli.Revoke(t.ctx, clientv3.LeaseID(lease))))
		t.until("it registers again", func() bool { return registry.registerNode(service, node("n1", "10.0.0.1:80"), 2*time.Second) })
		t.equal("back", registry.getService("streamed"), "1.0: n1")
		registry.deregister("streamed", "n1")
	})

	acrossRestart("go-micro: a registration and a watcher survive", func(t *T) {
		registry := t.micro(false)
		service := microService{Name: "kept", Version: "1.0"}
		watcher := registry.watch("kept")
		registry.registerNode(service, node("n1", "10.0.0.1:80"), 60*time.Second)
		watcher.expect("create n1 10.0.0.1:80")
		t.restart()
		t.equal("renewed", registry.registerNode(service, node("n1", "10.0.0.1:80"), 60*time.Second), false)
		registry.deregister("kept", "n1")
		watcher.expect("delete n1 10.0.0.1:80")
	})
}
