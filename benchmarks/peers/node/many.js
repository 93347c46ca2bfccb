'use strict';

const { elected, inLine, millis, now, sleep } = require('./line');

/**
 * Many candidates of one client in one election. The storm lasts until all are in line; the drain from the first
 * resignation until the last one has resigned, where each does once elected.
 */
async function crowd(peer, { name, size, settle }) {
  let open;
  const gate = new Promise(resolve => (open = resolve));
  let began = now();
  const election = peer.b.election(name);
  const leaving = [];
  for (let i = 0; i < size; i += 1) {
    leaving.push(comeAndGo(election, i, gate));
  }
  await inLine(peer.a, name, size);
  const storm = millis(began);
  await sleep(settle);
  began = now();
  open();
  await Promise.all(leaving);
  return { storm, drain: millis(began) };
}

async function comeAndGo(election, i, gate) {
  const campaign = election.campaign(`candidate-${i}`);
  await elected(campaign);
  await gate;
  await campaign.resign();
}

/** Become the leader and stay it; the process is killed then. */
async function lead(peer, { name, ttl }) {
  await elected(peer.a.election(name, ttl).campaign('leader'));
  return {};
}

/** Stand in line behind a leader of another process. */
async function join(peer, { name, ttl }) {
  peer.waiter = peer.b.election(name, ttl).campaign('waiter');
  peer.won = elected(peer.waiter);
  await inLine(peer.a, name, 2);
  return {};
}

async function isElected(peer) {
  await peer.won;
  return {};
}

async function release(peer) {
  await peer.waiter.resign();
  return {};
}

/** Lead many elections, all on one client. */
async function hold(peer, { names, ttl, session }) {
  if (session) {
    return { unsupported: 'etcd3 has no campaigns on a shared lease' };
  }
  for (let begin = 0; begin < names.length; begin += 50) {
    const some = names.slice(begin, begin + 50);
    await Promise.all(some.map(name => elected(peer.b.election(name, ttl).campaign('value'))));
  }
  return {};
}

module.exports = { crowd, elected: isElected, hold, join, lead, release };
