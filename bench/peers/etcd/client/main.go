// Command client loads a server that speaks etcd's gRPC API, for `npm run bench:peers -- --only etcd`.
//
// Each run makes one measurement: it connects, prepares, prints "ready", waits for a line on its standard input, and then
// prints its result as one line of JSON. So the bench reads the server's processor time without the connecting.
//
// Connections and their authentication are those of clientv3. Calls use the generated stubs on these connections, because
// the wrappers of clientv3 cost processor time that the server on the same machine would miss.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"syscall"
	"time"

	"go.etcd.io/etcd/clientv3"
	"google.golang.org/grpc"
)

var (
	endpoint    = flag.String("endpoint", "127.0.0.1:2379", "address of the server")
	user        = flag.String("user", "", "user; empty for no authentication")
	password    = flag.String("password", "", "password of the user")
	connections = flag.Int("connections", 4, "number of connections")
	calls       = flag.Int("calls", 16, "number of concurrent calls of each connection")
	call        = flag.String("call", "put", "measured call: put, put-lease, range-1, range-20 or txn")
	seconds     = flag.Float64("seconds", 1, "length of a measurement of a rate")
	value       = flag.String("value", "x", "value of every key")
	count       = flag.Int("count", 0, "number of keys, leases or changes")
	watchers    = flag.Int("watchers", 100, "number of watchers")
	window      = flag.Int("window", 64, "maximum number of unanswered messages of a stream")
	firstLease  = flag.Int64("first-lease", 1, "smallest id of the leases")
	ttl         = flag.Int64("ttl", 3600, "seconds that a lease lasts")
)

// A prepared measurement, which runs once.
type run func(context.Context) (interface{}, error)

// measurements prepare by name.
var measurements = map[string]func(context.Context, []*grpc.ClientConn) (run, error){
	"prepare":   prepareKeys,
	"rate":      prepareRate,
	"fill":      prepareFill,
	"fan-out":   prepareFanOut,
	"keepalive": prepareKeepAlive,
	"grant":     prepareGrants,
	"lateness":  prepareLateness,
}

// processorUs returns the processor time of this process so far, in microseconds.
func processorUs() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return usage.Utime.Nano()/1000 + usage.Stime.Nano()/1000
}

// connect opens separate connections. Each client of clientv3 has one.
func connect(number int) ([]*grpc.ClientConn, error) {
	var all []*grpc.ClientConn
	for n := 0; n < number; n++ {
		client, err := clientv3.New(clientv3.Config{
			Endpoints:   []string{*endpoint},
			Username:    *user,
			Password:    *password,
			DialTimeout: 20 * time.Second,
			DialOptions: []grpc.DialOption{grpc.WithBlock()},
		})
		if err != nil {
			return nil, err
		}
		all = append(all, client.ActiveConnection())
	}
	return all, nil
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 || measurements[os.Args[1]] == nil {
		log.Fatal("usage: client <prepare|rate|fill|fan-out|keepalive|grant|lateness> [options]")
	}
	flag.CommandLine.Parse(os.Args[2:])
	opened, err := connect(*connections)
	if err != nil {
		log.Fatalf("connecting to %s: %v", *endpoint, err)
	}
	ctx := context.Background()
	measured, err := measurements[os.Args[1]](ctx, opened)
	if err != nil {
		log.Fatalf("preparing: %v", err)
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		log.Fatal("nothing started the measurement")
	}
	before := processorUs()
	result, err := measured(ctx)
	if err != nil {
		log.Fatal(err)
	}
	used := processorUs() - before
	line, err := json.Marshal(map[string]interface{}{"result": result, "processorUs": used})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
}
