package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"time"
)

// play runs as one process of a framework, until the input ends or has a line:
//
//	publish <key> <value>: go-zero's publisher, which prints the key that it has put
//	subscribe <key>: go-zero's subscriber, which prints its sorted values whenever they change
func play(role string, words []string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	t := &T{ctx: ctx}
	ended := make(chan struct{})
	go func() {
		bufio.NewReader(os.Stdin).ReadString('\n')
		close(ended)
	}()
	switch role {
	case "publish":
		publisher := t.publish(words[0], words[1], 0)
		key, lease := publisher.state()
		fmt.Println(key)
		<-ended
		publisher.cli.Revoke(ctx, lease)
	case "subscribe":
		subscriber := t.subscribe(words[0])
		for last := "?"; ; {
			if now := subscriber.current(); now != last {
				last = now
				fmt.Println(now)
			}
			select {
			case <-ended:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	default:
		t.fail("there is no role %s", role)
	}
}
