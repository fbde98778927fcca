package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/etcdserver/api/v3rpc/rpctypes"
	pb "go.etcd.io/etcd/etcdserver/etcdserverpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func init() {
	together("cluster: one member, whose addresses clients can use", func(t *T) {
		answer, err := t.cli.MemberList(t.ctx)
		t.must(err)
		t.equal("members", len(answer.Members), 1)
		member := answer.Members[0]
		t.truly("id and name", member.ID != 0 && member.Name != "" && !member.IsLearner)
		t.equal("id of the header", member.ID, answer.Header.MemberId)
		t.truly("addresses", len(member.ClientURLs) > 0 && len(member.PeerURLs) > 0)
		t.must(t.cli.Sync(t.ctx))
		t.put(t.prefix+"k", "after the synchronization")
		other := t.client(func(config *clientv3.Config) { config.Endpoints = member.ClientURLs })
		read, err := other.Get(t.ctx, t.prefix+"k")
		t.must(err)
		t.equal("read at the listed address", read.Count, int64(1))
		t.equal("same cluster", read.Header.ClusterId, answer.Header.ClusterId)
	})

	together("cluster: old members are refused by clients that ask for it", func(t *T) {
		cli := t.client(func(config *clientv3.Config) { config.RejectOldCluster = true })
		t.must(only(cli.Get(t.ctx, "a")))
	})

	together("maintenance: status, hash, alarms and defragmentation", func(t *T) {
		endpoint := os.Getenv("ETCD_ENDPOINT")
		now, err := t.cli.Status(t.ctx, endpoint)
		t.must(err)
		t.truly("version", regexp.MustCompile(`^3\.\d+\.\d+`).MatchString(now.Version))
		t.truly("leader", now.Leader == now.Header.MemberId && now.Leader != 0)
		t.truly("numbers", now.RaftIndex > 0 && now.RaftTerm >= 2 && now.RaftAppliedIndex > 0)
		t.truly("no learner, no errors", !now.IsLearner && len(now.Errors) == 0)
		hash, err := t.cli.HashKV(t.ctx, endpoint, 0)
		t.must(err)
		t.truly("hash", hash.Hash != 0)
		alarms, err := t.cli.AlarmList(t.ctx)
		t.must(err)
		t.equal("alarms", len(alarms.Alarms), 0)
		t.must(only(t.cli.Defragment(t.ctx, endpoint)))
	})

	together("health: the service of gRPC reports that it serves", func(t *T) {
		answer, err := grpc_health_v1.NewHealthClient(t.cli.ActiveConnection()).Check(t.ctx, &grpc_health_v1.HealthCheckRequest{})
		t.must(err)
		t.equal("status", answer.Status, grpc_health_v1.HealthCheckResponse_SERVING)
	})

	together("auth: a wrong password ends the dial", func(t *T) {
		cli, err := dial(func(config *clientv3.Config) { config.Password += "x" })
		if err == nil {
			cli.Close()
			t.fail("it is accepted")
		}
		t.refused("password", err, rpctypes.ErrAuthFailed)
	})

	together("auth: a bad token is refused with the text that makes clients renew it", func(t *T) {
		bare := t.client(func(config *clientv3.Config) { config.Username, config.Password = "", "" })
		marked := metadata.AppendToOutgoingContext(t.ctx, "token", "bad")
		_, err := pb.NewKVClient(bare.ActiveConnection()).Range(marked, &pb.RangeRequest{Key: []byte("a")})
		t.refused("bad token", rpctypes.Error(err), rpctypes.ErrInvalidAuthToken)
		t.equal("code", status.Code(err), codes.Unauthenticated)
	})

	together("auth: a call without a token is refused", func(t *T) {
		bare := t.client(func(config *clientv3.Config) { config.Username, config.Password = "", "" })
		_, err := bare.Get(t.ctx, "a")
		t.refused("read", err, rpctypes.ErrUserEmpty)
		_, err = bare.Put(t.ctx, t.prefix+"a", "1")
		t.refused("write", err, rpctypes.ErrUserEmpty)
		ctx, stop := context.WithCancel(t.ctx)
		defer stop()
		response := <-bare.Watch(ctx, t.prefix)
		t.truly("watch", response.Canceled && strings.Contains(fmt.Sprint(response.Err()), "etcdserver: user name is empty"))
	})

	together("auth: a token of Authenticate serves for all calls", func(t *T) {
		bare := t.client(func(config *clientv3.Config) { config.Username, config.Password = "", "" })
		conn := bare.ActiveConnection()
		name, password := os.Getenv("ETCD_USER"), os.Getenv("ETCD_PASSWORD")
		answer, err := pb.NewAuthClient(conn).Authenticate(t.ctx, &pb.AuthenticateRequest{Name: name, Password: password})
		t.must(err)
		marked := metadata.AppendToOutgoingContext(t.ctx, "token", answer.Token)
		t.must(only(pb.NewKVClient(conn).Put(marked, &pb.PutRequest{Key: []byte(t.prefix + "a")})))
		stream, err := pb.NewWatchClient(conn).Watch(marked)
		t.must(err)
		watch := &watchStream{t, stream}
		watch.create(&pb.WatchCreateRequest{Key: []byte(t.prefix + "a")})
		created := watch.next()
		t.equal("created, canceled", []bool{created.Created, created.Canceled}, []bool{true, false})
	})
}
