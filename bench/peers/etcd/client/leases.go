package main

import (
	"context"
	"fmt"
	"io"
	"time"

	pb "go.etcd.io/etcd/etcdserver/etcdserverpb"
	"go.etcd.io/etcd/mvcc/mvccpb"
	"google.golang.org/grpc"
)

// Number of leases that expire, and the time between their grants: a server that checks periodically is not equally late
// for all of them.
const (
	expiringLeases = 50
	expiringEvery  = 40 * time.Millisecond
)

// grantOne returns a function that grants lease number n, with an id of its own.
func grantOne(ctx context.Context) func(connection *grpc.ClientConn, n int) error {
	return func(connection *grpc.ClientConn, n int) error {
		request := &pb.LeaseGrantRequest{TTL: *ttl, ID: *firstLease + int64(n)}
		_, err := pb.NewLeaseClient(connection).LeaseGrant(ctx, request)
		return err
	}
}

// prepareGrants grants a number of leases.
func prepareGrants(_ context.Context, opened []*grpc.ClientConn) (run, error) {
	return func(ctx context.Context) (interface{}, error) {
		began := time.Now()
		err := each(opened, *count, grantOne(ctx))
		return counted{Count: *count, Seconds: time.Since(began).Seconds()}, err
	}, nil
}

// prepareKeepAlive renews leases in turn over one stream: each of them once if there is a count, else for some time.
func prepareKeepAlive(ctx context.Context, opened []*grpc.ClientConn) (run, error) {
	stream, err := pb.NewLeaseClient(opened[0]).LeaseKeepAlive(ctx)
	if err != nil {
		return nil, err
	}
	leases := *count
	if leases == 0 {
		leases = leaseCount
	}
	return func(context.Context) (interface{}, error) {
		began := time.Now()
		end := began.Add(time.Duration(*seconds * float64(time.Second)))
		unanswered := make(chan struct{}, *window)
		sending := make(chan error, 1)
		go func() {
			for n := 0; ; n++ {
				if *count > 0 && n == *count || *count == 0 && !time.Now().Before(end) {
					sending <- stream.CloseSend()
					return
				}
				unanswered <- struct{}{}
				if err := stream.Send(&pb.LeaseKeepAliveRequest{ID: *firstLease + int64(n%leases)}); err != nil {
					sending <- err
					return
				}
			}
		}()
		answers := 0
		for {
			answer, err := stream.Recv()
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, err
			}
			if answer.TTL <= 0 {
				return nil, fmt.Errorf("lease %d was not renewed", answer.ID)
			}
			answers++
			<-unanswered
		}
		taken := time.Since(began).Seconds()
		return counted{Count: answers, Seconds: taken}, <-sending
	}, nil
}

// late is the result of the measurement of expiries, in milliseconds after the end of each lease.
type late struct {
	LateMs []float64 `json:"lateMs"`
}

// prepareLateness grants short leases with a key each, never renews them, and watches the deletion of the keys.
func prepareLateness(ctx context.Context, opened []*grpc.ClientConn) (run, error) {
	const prefix = "/bench/expiring/"
	stream, err := openWatches(ctx, opened[0], prefix, 1)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (interface{}, error) {
		failed := make(chan error, expiringLeases+1)
		due := make(chan map[string]time.Time, 1)
		go func() {
			ends := make(map[string]time.Time)
			for n := 0; n < expiringLeases; n++ {
				key := fmt.Sprintf("%s%02d", prefix, n)
				granted, err := pb.NewLeaseClient(opened[0]).LeaseGrant(ctx, &pb.LeaseGrantRequest{TTL: *ttl})
				if err != nil {
					failed <- err
					return
				}
				ends[key] = time.Now().Add(time.Duration(granted.TTL) * time.Second)
				put := &pb.PutRequest{Key: []byte(key), Value: []byte(*value), Lease: granted.ID}
				if _, err := pb.NewKVClient(opened[0]).Put(ctx, put); err != nil {
					failed <- err
					return
				}
				time.Sleep(expiringEvery)
			}
			due <- ends
		}()
		gone := make(map[string]time.Time)
		go func() {
			for len(gone) < expiringLeases {
				answer, err := stream.Recv()
				if err != nil {
					failed <- err
					return
				}
				for _, event := range answer.Events {
					if event.Type == mvccpb.DELETE {
						gone[string(event.Kv.Key)] = time.Now()
					}
				}
			}
			failed <- nil
		}()
		if err := <-failed; err != nil {
			return nil, err
		}
		ends := <-due
		result := late{}
		for key, at := range gone {
			result.LateMs = append(result.LateMs, float64(at.Sub(ends[key]).Microseconds())/1000)
		}
		return result, nil
	}, nil
}
