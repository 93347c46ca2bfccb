package main

import (
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3/concurrency"
)

// crowd: many candidates of one client in one election. The storm lasts until all are in line; the drain from the
// first resignation until the last one has resigned, where each does once elected. Closing sessions is not timed.
func (p *peer) crowd(asked request) (answer, error) {
	sessions := make([]*concurrency.Session, asked.Size)
	failed := make(chan error, asked.Size)
	open := make(chan struct{})
	var drained sync.WaitGroup
	drained.Add(asked.Size)
	began := time.Now()
	for i := range sessions {
		go func(i int) {
			defer drained.Done()
			failed <- p.comeAndGo(asked, &sessions[i], i, open)
		}(i)
	}
	if err := p.inLine(asked.Name, asked.Size); err != nil {
		return nil, err
	}
	storm := millis(began)
	time.Sleep(time.Duration(asked.Settle * float64(time.Millisecond)))
	began = time.Now()
	close(open)
	drained.Wait()
	drain := millis(began)
	for range sessions {
		if err := <-failed; err != nil {
			return nil, err
		}
	}
	return answer{"storm": storm, "drain": drain}, closeAll(sessions)
}

func (p *peer) comeAndGo(asked request, session **concurrency.Session, i int, open chan struct{}) error {
	own, err := concurrency.NewSession(p.b)
	if err != nil {
		return err
	}
	*session = own
	election := concurrency.NewElection(own, prefix+asked.Name)
	if err := election.Campaign(background, fmt.Sprintf("candidate-%d", i)); err != nil {
		return err
	}
	<-open
	return election.Resign(background)
}

func closeAll(sessions []*concurrency.Session) error {
	closed := make(chan error, len(sessions))
	for _, each := range sessions {
		go func(each *concurrency.Session) { closed <- each.Close() }(each)
	}
	var failed error
	for range sessions {
		if err := <-closed; err != nil {
			failed = err
		}
	}
	return failed
}

// lead: become the leader and stay it; the process is killed then.
func (p *peer) lead(asked request) (answer, error) {
	session, err := concurrency.NewSession(p.a, concurrency.WithTTL(asked.TTL))
	if err != nil {
		return nil, err
	}
	return answer{}, concurrency.NewElection(session, prefix+asked.Name).Campaign(background, "leader")
}

// join: stand in line behind a leader of another process.
func (p *peer) join(asked request) (answer, error) {
	session, err := concurrency.NewSession(p.b, concurrency.WithTTL(asked.TTL))
	if err != nil {
		return nil, err
	}
	p.waitingOn, p.waiting = session, concurrency.NewElection(session, prefix+asked.Name)
	p.waitingEnded = make(chan error, 1)
	go func() { p.waitingEnded <- p.waiting.Campaign(background, "waiter") }()
	return answer{}, p.inLine(asked.Name, 2)
}

func (p *peer) elected(request) (answer, error) {
	return answer{}, <-p.waitingEnded
}

func (p *peer) release(request) (answer, error) {
	if err := p.waiting.Resign(background); err != nil {
		return nil, err
	}
	return answer{}, p.waitingOn.Close()
}

// hold: lead many elections with a session each, or with one for all, all on one client.
func (p *peer) hold(asked request) (answer, error) {
	var shared *concurrency.Session
	if asked.Session {
		var err error
		if shared, err = concurrency.NewSession(p.b, concurrency.WithTTL(asked.TTL)); err != nil {
			return nil, err
		}
	}
	failed := make(chan error, len(asked.Names))
	turns := make(chan struct{}, 50)
	for _, name := range asked.Names {
		turns <- struct{}{}
		go func(name string) {
			session, err := shared, error(nil)
			if session == nil {
				session, err = concurrency.NewSession(p.b, concurrency.WithTTL(asked.TTL))
			}
			if err == nil {
				err = concurrency.NewElection(session, prefix+name).Campaign(background, "value")
			}
			failed <- err
			<-turns
		}(name)
	}
	for range asked.Names {
		if err := <-failed; err != nil {
			return nil, err
		}
	}
	return answer{}, nil
}
