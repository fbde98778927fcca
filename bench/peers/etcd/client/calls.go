package main

import (
	"context"
	"fmt"
	"time"

	pb "go.etcd.io/etcd/etcdserver/etcdserverpb"
	"google.golang.org/grpc"
)

// Keys of the measurements, the same as those of the JSON requests. Puts overwrite the keys of a pool, and every key of the
// leased pool always has the same one of the leases.
const (
	poolKeys   = 10000
	leaseCount = 1000
	readKeys   = 20
	guardKey   = "/bench/guard"
	readPrefix = "/bench/read/"
	readEnd    = "/bench/read0"
)

func putKey(n int) []byte    { return []byte(fmt.Sprintf("/bench/put/%05d", n%poolKeys)) }
func leasedKey(n int) []byte { return []byte(fmt.Sprintf("/bench/leased/%05d", n%poolKeys)) }
func readKey(n int) []byte   { return []byte(fmt.Sprintf("%s%02d", readPrefix, n)) }
func leaseOf(n int) int64    { return *firstLease + int64(n%leaseCount) }

// each runs a function for the numbers below a limit, on all connections with their concurrent calls.
func each(opened []*grpc.ClientConn, limit int, do func(connection *grpc.ClientConn, n int) error) error {
	workers := len(opened) * *calls
	failed := make(chan error, workers)
	for worker := 0; worker < workers; worker++ {
		go func(worker int) {
			for n := worker; n < limit; n += workers {
				if err := do(opened[worker%len(opened)], n); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}(worker)
	}
	var first error
	for worker := 0; worker < workers; worker++ {
		if err := <-failed; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// prepareKeys creates everything that the rates use.
func prepareKeys(ctx context.Context, opened []*grpc.ClientConn) (run, error) {
	put := func(connection *grpc.ClientConn, key []byte, lease int64) error {
		_, err := pb.NewKVClient(connection).Put(ctx, &pb.PutRequest{Key: key, Value: []byte(*value), Lease: lease})
		return err
	}
	return func(ctx context.Context) (interface{}, error) {
		if err := put(opened[0], []byte(guardKey), 0); err != nil {
			return nil, err
		}
		if err := each(opened, leaseCount, grantOne(ctx)); err != nil {
			return nil, err
		}
		for n := 0; n < readKeys; n++ {
			if err := put(opened[0], readKey(n), 0); err != nil {
				return nil, err
			}
		}
		return "prepared", each(opened, poolKeys, func(connection *grpc.ClientConn, n int) error {
			if err := put(connection, putKey(n), 0); err != nil {
				return err
			}
			return put(connection, leasedKey(n), leaseOf(n))
		})
	}, nil
}

// prepareFill puts a number of keys.
func prepareFill(_ context.Context, opened []*grpc.ClientConn) (run, error) {
	return func(ctx context.Context) (interface{}, error) {
		began := time.Now()
		err := each(opened, *count, func(connection *grpc.ClientConn, n int) error {
			key := []byte(fmt.Sprintf("/bench/filled/%06d", n))
			_, err := pb.NewKVClient(connection).Put(ctx, &pb.PutRequest{Key: key, Value: []byte(*value)})
			return err
		})
		return counted{Count: *count, Seconds: time.Since(began).Seconds()}, err
	}, nil
}

// counted is the result of a measurement of a rate.
type counted struct {
	Count   int     `json:"count"`
	Seconds float64 `json:"seconds"`
}

// unary makes call number n and checks its answer.
type unary func(ctx context.Context, kv pb.KVClient, n int) error

func ranged(ctx context.Context, kv pb.KVClient, request *pb.RangeRequest, want int) error {
	answer, err := kv.Range(ctx, request)
	if err == nil && len(answer.Kvs) != want {
		return fmt.Errorf("a range has %d keys instead of %d", len(answer.Kvs), want)
	}
	return err
}

var unaries = map[string]unary{
	"put": func(ctx context.Context, kv pb.KVClient, n int) error {
		_, err := kv.Put(ctx, &pb.PutRequest{Key: putKey(n), Value: []byte(*value)})
		return err
	},
	"put-lease": func(ctx context.Context, kv pb.KVClient, n int) error {
		_, err := kv.Put(ctx, &pb.PutRequest{Key: leasedKey(n), Value: []byte(*value), Lease: leaseOf(n)})
		return err
	},
	"range-1": func(ctx context.Context, kv pb.KVClient, _ int) error {
		return ranged(ctx, kv, &pb.RangeRequest{Key: readKey(0)}, 1)
	},
	"range-20": func(ctx context.Context, kv pb.KVClient, _ int) error {
		return ranged(ctx, kv, &pb.RangeRequest{Key: []byte(readPrefix), RangeEnd: []byte(readEnd)}, readKeys)
	},
	"txn": func(ctx context.Context, kv pb.KVClient, n int) error {
		putOf := func(key []byte) *pb.RequestOp {
			put := &pb.PutRequest{Key: key, Value: []byte(*value)}
			return &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: put}}
		}
		answer, err := kv.Txn(ctx, &pb.TxnRequest{
			Compare: []*pb.Compare{{
				Result:      pb.Compare_GREATER,
				Target:      pb.Compare_VERSION,
				Key:         []byte(guardKey),
				TargetUnion: &pb.Compare_Version{Version: 0},
			}},
			Success: []*pb.RequestOp{putOf(putKey(n)), putOf(putKey(n + poolKeys/2))},
		})
		if err == nil && !answer.Succeeded {
			return fmt.Errorf("a transaction did not succeed")
		}
		return err
	},
}

// prepareRate repeats a call for some time, concurrently on every connection.
func prepareRate(_ context.Context, opened []*grpc.ClientConn) (run, error) {
	repeated := unaries[*call]
	if repeated == nil {
		return nil, fmt.Errorf("there is no call %q", *call)
	}
	return func(ctx context.Context) (interface{}, error) {
		workers := len(opened) * *calls
		began := time.Now()
		end := began.Add(time.Duration(*seconds * float64(time.Second)))
		type outcome struct {
			count int
			err   error
		}
		outcomes := make(chan outcome, workers)
		for worker := 0; worker < workers; worker++ {
			go func(worker int) {
				kv := pb.NewKVClient(opened[worker%len(opened)])
				own := outcome{}
				for n := worker; own.err == nil && time.Now().Before(end); n += workers {
					own.err = repeated(ctx, kv, n)
					own.count++
				}
				outcomes <- own
			}(worker)
		}
		total := outcome{}
		for worker := 0; worker < workers; worker++ {
			own := <-outcomes
			total.count += own.count
			if own.err != nil {
				total.err = own.err
			}
		}
		return counted{Count: total.count, Seconds: time.Since(began).Seconds()}, total.err
	}, nil
}
