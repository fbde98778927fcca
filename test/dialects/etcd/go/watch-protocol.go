package main

import (
	"fmt"
	"strings"

	"go.etcd.io/etcd/clientv3"
	pb "go.etcd.io/etcd/etcdserver/etcdserverpb"
)

// watchStream is a stream of watches without the client's own management of it.
type watchStream struct {
	t      *T
	stream pb.Watch_WatchClient
}

func (t *T) watchStream() *watchStream {
	stream, err := pb.NewWatchClient(t.cli.ActiveConnection()).Watch(t.ctx)
	t.must(err)
	return &watchStream{t, stream}
}

func (s *watchStream) send(request *pb.WatchRequest) { s.t.must(s.stream.Send(request)) }

func (s *watchStream) create(request *pb.WatchCreateRequest) {
	s.send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: request}})
}

func (s *watchStream) next() *pb.WatchResponse {
	response, err := s.stream.Recv()
	s.t.must(err)
	return response
}

func init() {
	alone("watch: bare protocol, with ids, cancels and refusals", func(t *T) {
		stream := t.watchStream()
		stream.create(&pb.WatchCreateRequest{Key: []byte(t.prefix + "a"), WatchId: 7})
		first := stream.next()
		t.equal("chosen id", []interface{}{first.WatchId, first.Created, first.Header.Revision}, []interface{}{int64(7), true, t.revision()})
		stream.create(&pb.WatchCreateRequest{Key: []byte(t.prefix + "a")})
		t.equal("next id", stream.next().WatchId, int64(0))
		stream.create(&pb.WatchCreateRequest{Key: []byte(t.prefix + "a"), WatchId: 7})
		again := stream.next()
		t.equal("id in use", []interface{}{again.WatchId, again.Created, again.Canceled, again.CancelReason},
			[]interface{}{int64(-1), true, true, "mvcc: duplicate watch ID provided on the WatchStream"})
		stream.create(&pb.WatchCreateRequest{Key: []byte("b"), RangeEnd: []byte("a")})
		empty := stream.next()
		t.equal("empty range", []interface{}{empty.WatchId, empty.Created, empty.Canceled}, []interface{}{int64(-1), true, true})
		t.put(t.prefix+"a", "1")
		ids := map[int64]int{stream.next().WatchId: 1}
		ids[stream.next().WatchId]++
		t.equal("both watchers", ids, map[int64]int{0: 1, 7: 1})
		stream.send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CancelRequest{CancelRequest: &pb.WatchCancelRequest{WatchId: 7}}})
		canceled := stream.next()
		t.equal("canceled", []interface{}{canceled.WatchId, canceled.Canceled, canceled.CompactRevision}, []interface{}{int64(7), true, int64(0)})
		stream.send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CancelRequest{CancelRequest: &pb.WatchCancelRequest{WatchId: 99}}})
		t.put(t.prefix+"a", "2")
		t.equal("the other continues", stream.next().WatchId, int64(0))
	})

	alone("watch: bare protocol, confirmed in the order of requests, with the half that is open", func(t *T) {
		stream := t.watchStream()
		for id := int64(1); id <= 20; id++ {
			stream.create(&pb.WatchCreateRequest{Key: []byte(t.prefix + "a"), WatchId: id})
		}
		for id := int64(1); id <= 20; id++ {
			created := stream.next()
			t.equal("created", []interface{}{created.WatchId, created.Created}, []interface{}{id, true})
		}
		progress := &pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}}
		stream.send(progress)
		answer := stream.next()
		t.equal("progress", []interface{}{answer.WatchId, answer.Header.Revision, len(answer.Events)}, []interface{}{int64(-1), t.revision(), 0})
		t.must(stream.stream.CloseSend())
		t.put(t.prefix+"a", "1")
		for i := 0; i < 20; i++ {
			t.equal("events", len(stream.next().Events), 1)
		}
	})

	alone("watch: bare protocol, created before it is compacted", func(t *T) {
		t.fill("a=1", "a=2")
		now := t.revision()
		_, err := t.cli.Compact(t.ctx, now)
		t.must(err)
		stream := t.watchStream()
		stream.create(&pb.WatchCreateRequest{Key: []byte(t.prefix + "a"), StartRevision: now - 1})
		t.equal("created", stream.next().Created, true)
		canceled := stream.next()
		t.equal("canceled", []interface{}{canceled.Canceled, canceled.CompactRevision}, []interface{}{true, now})
	})

	together("watch: a large revision comes in fragments if asked", func(t *T) {
		values := []clientv3.Op{}
		for i := 0; i < 10; i++ {
			values = append(values, clientv3.OpPut(fmt.Sprint(t.prefix, i), strings.Repeat("v", 130_000)))
		}
		t.commit(nil, values)
		whole := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithPrevKV())
		joined := t.watch(t.prefix, clientv3.WithPrefix(), clientv3.WithPrevKV(), clientv3.WithFragment())
		stream := t.watchStream()
		end := clientv3.GetPrefixRangeEnd(t.prefix)
		stream.create(&pb.WatchCreateRequest{Key: []byte(t.prefix), RangeEnd: []byte(end), PrevKv: true, Fragment: true})
		stream.next()
		t.commit(nil, values)
		t.equal("whole", len(whole.next().Events), 10)
		t.equal("joined by the client", len(joined.next().Events), 10)
		fragments, events := []bool{}, 0
		for len(fragments) == 0 || fragments[len(fragments)-1] {
			response := stream.next()
			fragments = append(fragments, response.Fragment)
			events += len(response.Events)
		}
		t.equal("events", events, 10)
		t.truly("several fragments", len(fragments) > 1)
		t.del(t.prefix, clientv3.WithPrefix())
	})
}
