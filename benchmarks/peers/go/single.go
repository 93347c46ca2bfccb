package main

import (
	"time"

	"go.etcd.io/etcd/clientv3/concurrency"
)

// ownLease: from nothing to leader, with a session of its own. Leaving is not timed.
func (p *peer) ownLease(asked request) (answer, error) {
	samples := []float64{}
	for _, name := range asked.Names {
		began := time.Now()
		session, err := concurrency.NewSession(p.a)
		if err != nil {
			return nil, err
		}
		election := concurrency.NewElection(session, prefix+name)
		if err := election.Campaign(background, "value"); err != nil {
			return nil, err
		}
		samples = append(samples, millis(began))
		if err := election.Resign(background); err != nil {
			return nil, err
		}
		if err := session.Close(); err != nil {
			return nil, err
		}
	}
	return answer{"samples": samples}, nil
}

func (p *peer) sharedSession(asked request) (answer, error) {
	samples := []float64{}
	for _, name := range asked.Names {
		began := time.Now()
		election := concurrency.NewElection(p.onA, prefix+name)
		if err := election.Campaign(background, "value"); err != nil {
			return nil, err
		}
		samples = append(samples, millis(began))
		if err := election.Resign(background); err != nil {
			return nil, err
		}
	}
	return answer{"samples": samples}, nil
}

type end struct {
	at  time.Time
	err error
}

// handOver: from the leader's call of Resign until the waiter's Campaign returns.
func (p *peer) handOver(asked request) (answer, error) {
	samples := []float64{}
	for i, name := range asked.Names {
		taken, err := p.handOverOnce(name, asked.Delays[i])
		if err != nil {
			return nil, err
		}
		samples = append(samples, taken)
	}
	return answer{"samples": samples}, nil
}

func (p *peer) handOverOnce(name string, delay float64) (float64, error) {
	leader := concurrency.NewElection(p.onA, prefix+name)
	if err := leader.Campaign(background, "leader"); err != nil {
		return 0, err
	}
	waiter := concurrency.NewElection(p.onB, prefix+name)
	elected := make(chan end, 1)
	go func() {
		err := waiter.Campaign(background, "waiter")
		elected <- end{time.Now(), err}
	}()
	if err := p.inLine(name, 2); err != nil {
		return 0, err
	}
	time.Sleep(time.Duration(delay * float64(time.Millisecond)))
	began := time.Now()
	if err := leader.Resign(background); err != nil {
		return 0, err
	}
	won := <-elected
	if won.err != nil {
		return 0, won.err
	}
	return float64(won.at.Sub(began).Nanoseconds()) / 1e6, waiter.Resign(background)
}

// proclaim: from the leader's call of Proclaim until an observer on another connection has the value.
func (p *peer) proclaim(asked request) (answer, error) {
	leader := concurrency.NewElection(p.onA, prefix+asked.Name)
	if err := leader.Campaign(background, "first"); err != nil {
		return nil, err
	}
	seen := concurrency.NewElection(p.onB, prefix+asked.Name).Observe(background)
	<-seen
	time.Sleep(time.Duration(asked.Settle * float64(time.Millisecond)))
	samples := []float64{}
	for _, value := range asked.Names {
		began := time.Now()
		done := make(chan error, 1)
		go func() { done <- leader.Proclaim(background, value) }()
		for string((<-seen).Kvs[0].Value) != value {
		}
		samples = append(samples, millis(began))
		if err := <-done; err != nil {
			return nil, err
		}
	}
	return answer{"samples": samples}, leader.Resign(background)
}
