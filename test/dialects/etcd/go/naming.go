package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sort"
	"strings"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/clientv3/naming/endpoints"
	"go.etcd.io/etcd/clientv3/naming/resolver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
)

// echo starts a server of gRPC and returns its address.
func (t *T) echo() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	t.must(err)
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go server.Serve(listener)
	t.atEnd(server.Stop)
	return listener.Addr().String()
}

// resolved dials a target through the resolver of etcd, and returns a function with the addresses that calls reach.
func (t *T) resolved(target string) func() string {
	builder, err := resolver.NewBuilder(t.client())
	t.must(err)
	conn, err := grpc.DialContext(t.ctx, "etcd:///"+target, grpc.WithInsecure(), grpc.WithResolvers(builder),
		grpc.WithDefaultServiceConfig(`{"loadBalancingPolicy":"round_robin"}`))
	t.must(err)
	t.atEnd(func() { conn.Close() })
	return func() string {
		reached := map[string]bool{}
		for i := 0; i < 8; i++ {
			var who peer.Peer
			ctx, cancel := context.WithTimeout(t.ctx, time.Second)
			_, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{}, grpc.Peer(&who))
			cancel()
			if err == nil && who.Addr != nil {
				reached[who.Addr.String()] = true
			}
		}
		return sortedKeys(reached)
	}
}

func sortedKeys(set map[string]bool) string {
	names := []string{}
	for name := range set {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, " ")
}

func sorted(names ...string) string {
	sort.Strings(names)
	return strings.Join(names, " ")
}

func init() {
	together("naming: endpoints are added, listed, watched and deleted", func(t *T) {
		target := t.prefix + "svc"
		manager, err := endpoints.NewManager(t.cli, target)
		t.must(err)
		t.must(manager.AddEndpoint(t.ctx, target+"/1", endpoints.Endpoint{Addr: "10.0.0.1:80", Metadata: map[string]string{"zone": "a"}}))
		t.equal("stored", string(t.get(target + "/1").Kvs[0].Value), `{"Op":0,"Addr":"10.0.0.1:80","Metadata":{"zone":"a"}}`)
		ch, err := manager.NewWatchChannel(t.ctx)
		t.must(err)
		next := func() string {
			select {
			case updates := <-ch:
				shown := []string{}
				for _, update := range updates {
					shown = append(shown, fmt.Sprint(update.Op, " ", strings.TrimPrefix(update.Key, target), " ", update.Endpoint.Addr))
				}
				return strings.Join(shown, "; ")
			case <-t.ctx.Done():
				t.fail("no update comes")
				return ""
			}
		}
		t.equal("first", next(), "0 /1 10.0.0.1:80")
		t.must(manager.Update(t.ctx, []*endpoints.UpdateWithOpts{
			endpoints.NewAddUpdateOpts(target+"/2", endpoints.Endpoint{Addr: "10.0.0.2:80"}, clientv3.WithLease(t.grant(60))),
			endpoints.NewAddUpdateOpts(target+"/3", endpoints.Endpoint{Addr: "10.0.0.3:80"}),
			endpoints.NewDeleteUpdateOpts(target + "/1"),
		}))
		t.equal("one update for a transaction", next(), "0 /2 10.0.0.2:80; 0 /3 10.0.0.3:80; 1 /1 ")
		all, err := manager.List(t.ctx)
		t.must(err)
		t.equal("listed", []interface{}{len(all), all[target+"/2"].Addr}, []interface{}{2, "10.0.0.2:80"})
		t.must(manager.DeleteEndpoint(t.ctx, target+"/2"))
		t.equal("deleted", next(), "1 /2 ")
	})

	together("naming: calls of gRPC reach the endpoints that etcd's resolver finds", func(t *T) {
		target := t.prefix + "svc"
		one, other := t.echo(), t.echo()
		manager, err := endpoints.NewManager(t.cli, target)
		t.must(err)
		t.must(manager.AddEndpoint(t.ctx, target+"/one", endpoints.Endpoint{Addr: one}))
		reached := t.resolved(target)
		t.until("the first is reached", func() bool { return reached() == one })
		t.must(manager.AddEndpoint(t.ctx, target+"/other", endpoints.Endpoint{Addr: other}))
		t.until("both are reached", func() bool { return reached() == sorted(one, other) })
		t.must(manager.DeleteEndpoint(t.ctx, target+"/one"))
		t.until("the second alone is reached", func() bool { return reached() == other })
	})

	// The resolver of gRPC up to 1.29, etcd-io/etcd clientv3/naming/grpc.go of 3.4.9: Debian's 3.4.23 no longer has it.
	together("naming: the old resolver reads deletes from previous pairs", func(t *T) {
		type update struct {
			Op       int
			Addr     string
			Metadata interface{}
		}
		target := t.prefix + "svc"
		add := func(addr string) {
			value, _ := json.Marshal(update{Addr: addr})
			_, err := t.cli.KV.Txn(t.ctx).Then(clientv3.OpPut(target+"/"+addr, string(value))).Commit()
			t.must(err)
		}
		add("10.0.0.1:80")
		first := t.get(target, clientv3.WithPrefix(), clientv3.WithSerializable())
		t.equal("first", string(first.Kvs[0].Value), `{"Op":0,"Addr":"10.0.0.1:80","Metadata":null}`)
		ch := t.cli.Watch(t.ctx, target, clientv3.WithRev(first.Header.Revision+1), clientv3.WithPrefix(), clientv3.WithPrevKV())
		add("10.0.0.2:80")
		_, err := t.cli.KV.Txn(t.ctx).Then(clientv3.OpDelete(target + "/10.0.0.1:80")).Commit()
		t.must(err)
		shown := []string{}
		for _, event := range (&watched{t: t, ch: ch}).events(2) {
			var seen update
			source := event.Kv.Value
			if event.Type == clientv3.EventTypeDelete {
				source = event.PrevKv.Value
			}
			t.must(json.Unmarshal(source, &seen))
			shown = append(shown, event.Type.String()+" "+seen.Addr)
		}
		t.equal("updates", strings.Join(shown, "; "), "PUT 10.0.0.2:80; DELETE 10.0.0.1:80")
	})
}
