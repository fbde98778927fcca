package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/etcdserver/etcdserverpb"
	"google.golang.org/grpc"
)

// deliveryMax is the maximum time until all watchers have a change.
const deliveryMax = 30 * time.Second

// openWatches creates watches of a prefix on one stream of a connection, and waits until all of them are active.
func openWatches(ctx context.Context, connection *grpc.ClientConn, prefix string, number int) (pb.Watch_WatchClient, error) {
	stream, err := pb.NewWatchClient(connection).Watch(ctx)
	if err != nil {
		return nil, err
	}
	end := []byte(prefix)
	end[len(end)-1]++
	for n := 0; n < number; n++ {
		create := &pb.WatchCreateRequest{Key: []byte(prefix), RangeEnd: end}
		request := &pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: create}}
		if err := stream.Send(request); err != nil {
			return nil, err
		}
		answer, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		if !answer.Created || answer.Canceled {
			return nil, fmt.Errorf("watch %d was not created: %s", n, answer.CancelReason)
		}
	}
	return stream, nil
}

// delivered is the result of a fan-out: for each change, the milliseconds from its put until the last watcher has it.
type delivered struct {
	LastMs []float64 `json:"lastMs"`
}

// prepareFanOut opens watchers, spread over all connections but the first, which writes.
func prepareFanOut(ctx context.Context, opened []*grpc.ClientConn) (run, error) {
	const prefix = "/bench/watched/"
	writer, readers := opened[0], opened[1:]
	if len(readers) == 0 || *watchers%len(readers) != 0 {
		return nil, fmt.Errorf("%d watchers can't be spread over %d connections", *watchers, len(readers))
	}
	current := delivery{failed: make(chan error, len(readers)+1), last: make(chan struct{}, 1)}
	for _, connection := range readers {
		stream, err := openWatches(ctx, connection, prefix, *watchers/len(readers))
		if err != nil {
			return nil, err
		}
		go current.read(stream)
	}
	return func(ctx context.Context) (interface{}, error) {
		result := delivered{}
		kv := pb.NewKVClient(writer)
		for n := 0; n < *count; n++ {
			key := fmt.Sprintf("%s%03d", prefix, n)
			current.key.Store(key)
			atomic.StoreInt64(&current.left, int64(*watchers))
			began := time.Now()
			go func() {
				if _, err := kv.Put(ctx, &pb.PutRequest{Key: []byte(key), Value: []byte(*value)}); err != nil {
					current.failed <- err
				}
			}()
			select {
			case <-current.last:
				result.LastMs = append(result.LastMs, float64(time.Since(began).Microseconds())/1000)
			case err := <-current.failed:
				return nil, err
			case <-time.After(deliveryMax):
				return nil, fmt.Errorf("%d watchers did not receive %s", atomic.LoadInt64(&current.left), key)
			}
		}
		return result, nil
	}, nil
}

// delivery counts the watchers that have not received the current key.
type delivery struct {
	key    atomic.Value
	left   int64
	last   chan struct{}
	failed chan error
}

// read counts the events of one stream until it ends.
func (current *delivery) read(stream pb.Watch_WatchClient) {
	for {
		answer, err := stream.Recv()
		if err != nil {
			current.failed <- err
			return
		}
		for _, event := range answer.Events {
			if string(event.Kv.Key) != current.key.Load() {
				current.failed <- fmt.Errorf("a watcher received %s instead of %s", event.Kv.Key, current.key.Load())
				return
			}
			if atomic.AddInt64(&current.left, -1) == 0 {
				current.last <- struct{}{}
			}
		}
	}
}
