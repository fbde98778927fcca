// Checks of etcd's own client for Go, version 3.4 as Debian packages it, against the server that the environment names.
//
// Prints one line of JSON for each check. Before the last group it prints {"need":"restart"}, and continues when its input has
// a line. With arguments, it plays a role instead, see roles.go. Built in GOPATH mode: GO111MODULE=off GOPATH=/usr/share/gocode go build.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.uber.org/zap"
)

const (
	// checkTimeout ends a check that waits for something that does not come.
	checkTimeout = 120 * time.Second

	// togetherMax is the number of checks at the same time, so that each gets some of a busy machine.
	togetherMax = 20
)

type check struct {
	name string
	run  func(t *T)
}

var (
	aloneChecks    []check
	togetherChecks []check
	restartChecks  []check
)

// alone adds a check that counts revisions, and therefore runs without others.
func alone(name string, run func(t *T)) { aloneChecks = append(aloneChecks, check{name, run}) }

// together adds a check that runs at the same time as others.
func together(name string, run func(t *T)) { togetherChecks = append(togetherChecks, check{name, run}) }

// acrossRestart adds a check that calls t.restart() once.
func acrossRestart(name string, run func(t *T)) {
	restartChecks = append(restartChecks, check{name, run})
}

// T is the state of one check.
type T struct {
	ctx    context.Context
	cli    *clientv3.Client
	prefix string

	closers []func()
	ready   func()
	again   <-chan struct{}
}

type failure struct{ text string }

func (t *T) fail(format string, args ...interface{}) {
	panic(failure{fmt.Sprintf(format, args...)})
}

func (t *T) must(err error) {
	if err != nil {
		t.fail("unexpected error: %v", err)
	}
}

func (t *T) equal(what string, got, want interface{}) {
	if !reflect.DeepEqual(got, want) {
		t.fail("%s: got %#v, want %#v", what, got, want)
	}
}

func (t *T) truly(what string, is bool) {
	if !is {
		t.fail("%s: is not so", what)
	}
}

// refused checks that an error is one of the client's typed ones, which it finds by the exact text of the server.
func (t *T) refused(what string, err, want error) {
	if err != want {
		t.fail("%s: got error %v, want %v", what, err, want)
	}
}

// atEnd registers a function that runs after the check.
func (t *T) atEnd(close func()) { t.closers = append(t.closers, close) }

// client opens a connection of its own.
func (t *T) client(change ...func(*clientv3.Config)) *clientv3.Client {
	cli, err := dial(change...)
	t.must(err)
	t.atEnd(func() { cli.Close() })
	return cli
}

// restart waits until the server has been restarted.
func (t *T) restart() {
	t.ready()
	select {
	case <-t.again:
	case <-t.ctx.Done():
		t.fail("the server was not restarted")
	}
}

// until repeats a condition until it holds.
func (t *T) until(what string, holds func() bool) {
	for !holds() {
		select {
		case <-t.ctx.Done():
			t.fail("waited in vain until %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func dial(change ...func(*clientv3.Config)) (*clientv3.Client, error) {
	silent := zap.NewProductionConfig()
	silent.OutputPaths, silent.ErrorOutputPaths = []string{"/dev/null"}, []string{"/dev/null"}
	config := clientv3.Config{
		Endpoints:   []string{os.Getenv("ETCD_ENDPOINT")},
		Username:    os.Getenv("ETCD_USER"),
		Password:    os.Getenv("ETCD_PASSWORD"),
		DialTimeout: 20 * time.Second,
		LogConfig:   &silent,
	}
	if ca := os.Getenv("ETCD_CA"); ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		config.TLS = &tls.Config{RootCAs: roots}
	}
	for _, apply := range change {
		apply(&config)
	}
	return clientv3.New(config)
}

var output sync.Mutex

func report(line interface{}) {
	output.Lock()
	defer output.Unlock()
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

var notInKeys = regexp.MustCompile(`[^a-z0-9]+`)

func (c check) perform(again <-chan struct{}, ready func()) {
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	t := &T{
		ctx:    ctx,
		prefix: "go/" + notInKeys.ReplaceAllString(strings.ToLower(c.name), "-") + "/",
		again:  again,
		ready:  ready,
	}
	result := map[string]interface{}{"check": c.name}
	began := time.Now()
	func() {
		defer func() {
			if problem := recover(); problem != nil {
				if failed, is := problem.(failure); is {
					result["failed"] = failed.text
				} else {
					result["failed"] = fmt.Sprintf("panic: %v", problem)
				}
			}
		}()
		t.cli = t.client()
		c.run(t)
	}()
	result["ms"] = time.Since(began).Milliseconds()
	report(result)
	cancel()
	ready()
	for i := len(t.closers) - 1; i >= 0; i-- {
		t.closers[i]()
	}
}

// performTogether runs checks at the same time. It restarts the server once all of them are ready for it.
func performTogether(checks []check, restart func()) {
	var ready, done sync.WaitGroup
	again := make(chan struct{})
	places := make(chan struct{}, togetherMax)
	for _, c := range checks {
		c := c
		ready.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			places <- struct{}{}
			defer func() { <-places }()
			var once sync.Once
			c.perform(again, func() { once.Do(ready.Done) })
		}()
	}
	if restart != nil {
		ready.Wait()
		restart()
		close(again)
	}
	done.Wait()
}

func main() {
	if len(os.Args) > 1 {
		play(os.Args[1], os.Args[2:])
		return
	}
	only := regexp.MustCompile(os.Getenv("ETCD_CHECKS"))
	chosen := func(checks []check) (some []check) {
		for _, c := range checks {
			if only.MatchString(c.name) {
				some = append(some, c)
			}
		}
		return some
	}
	for _, c := range chosen(aloneChecks) {
		c.perform(nil, func() {})
	}
	performTogether(chosen(togetherChecks), nil)
	if last := chosen(restartChecks); len(last) > 0 {
		performTogether(last, func() {
			report(map[string]string{"need": "restart"})
			bufio.NewReader(os.Stdin).ReadString('\n')
		})
	}
}
