// Go's clientv3/concurrency behind the benchmark's line protocol: one JSON request a line on stdin, one JSON answer
// a line on stdout. It is used as its documentation shows; times are taken here, in this process.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/clientv3/concurrency"
)

type request struct {
	Do     string    `json:"do"`
	Name   string    `json:"name"`
	Names  []string  `json:"names"`
	Delays []float64 `json:"delays"`
	Size   int       `json:"size"`
	Settle float64   `json:"settle"`
	TTL    int       `json:"ttl"`
	// Whether all that is held shares one session.
	Session bool `json:"session"`
}

type answer map[string]interface{}

type command func(*peer, request) (answer, error)

var commands = map[string]command{
	"own_lease": (*peer).ownLease,
	"session":   (*peer).sharedSession,
	"handover":  (*peer).handOver,
	"proclaim":  (*peer).proclaim,
	"crowd":     (*peer).crowd,
	"lead":      (*peer).lead,
	"join":      (*peer).join,
	"elected":   (*peer).elected,
	"release":   (*peer).release,
	"hold":      (*peer).hold,
}

// peer has two clients with a connection and a session each, for the two sides of a hand-over.
type peer struct {
	a, b         *clientv3.Client
	onA, onB     *concurrency.Session
	waiting      *concurrency.Election
	waitingOn    *concurrency.Session
	waitingEnded chan error
}

var background = context.Background()

const prefix = "election/"

func millis(since time.Time) float64 { return float64(time.Since(since).Nanoseconds()) / 1e6 }

func newPeer(endpoint string) (*peer, error) {
	p := &peer{}
	var err error
	config := clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: 5 * time.Second}
	if p.a, err = clientv3.New(config); err != nil {
		return nil, err
	}
	if p.b, err = clientv3.New(config); err != nil {
		return nil, err
	}
	if p.onA, err = concurrency.NewSession(p.a); err != nil {
		return nil, err
	}
	p.onB, err = concurrency.NewSession(p.b)
	return p, err
}

// inLine waits until that many keys are in line. All harnesses find out in this way.
func (p *peer) inLine(name string, count int) error {
	for {
		found, err := p.a.Get(background, prefix+name+"/", clientv3.WithPrefix(), clientv3.WithCountOnly())
		if err != nil {
			return err
		}
		if found.Count >= int64(count) {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
}

func (p *peer) obey(line []byte) answer {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{"error": err.Error()}
	}
	do, known := commands[asked.Do]
	if !known {
		return answer{"unsupported": "clientv3/concurrency has no counterpart"}
	}
	result, err := do(p, asked)
	if err != nil {
		return answer{"error": err.Error()}
	}
	return result
}

func main() {
	p, err := newPeer(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := json.NewEncoder(os.Stdout)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if err := out.Encode(p.obey(in.Bytes())); err != nil {
			return
		}
	}
}
