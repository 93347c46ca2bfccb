'use strict';

const { elected, inLine, millis, now, sleep } = require('./line');

/** From nothing to leader; etcd3 grants every campaign a lease of its own. Leaving is not timed. */
async function ownLease(peer, { names }) {
  const samples = [];
  for (const name of names) {
    const began = now();
    const campaign = peer.a.election(name).campaign('value');
    await elected(campaign);
    samples.push(millis(began));
    await campaign.resign();
  }
  return { samples };
}

async function session() {
  return { unsupported: 'etcd3 has no campaigns on a shared lease' };
}

/** From the leader's call of resign until the waiter is elected. */
async function handOver(peer, { names, delays }) {
  const samples = [];
  for (const [i, name] of names.entries()) {
    samples.push(await handOverOnce(peer, name, delays[i]));
  }
  return { samples };
}

async function handOverOnce(peer, name, delay) {
  const leader = peer.a.election(name).campaign('leader');
  await elected(leader);
  const waiter = peer.b.election(name).campaign('waiter');
  const won = elected(waiter).then(now);
  await inLine(peer.a, name, 2);
  await sleep(delay);
  const began = now();
  await leader.resign();
  const taken = Number((await won) - began) / 1e6;
  await waiter.resign();
  return taken;
}

/** From the leader's call of proclaim until an observer on another connection has the value. */
async function proclaim(peer, { name, names, settle }) {
  const leader = peer.a.election(name).campaign('first');
  await elected(leader);
  const observer = await peer.b.election(name).observe();
  while (observer.leader() === undefined) {
    await sleep(1);
  }
  await sleep(settle);
  const samples = [];
  for (const value of names) {
    const seen = new Promise(resolve => {
      const listener = leads => {
        if (leads === value) {
          observer.off('change', listener);
          resolve();
        }
      };
      observer.on('change', listener);
    });
    const began = now();
    const done = leader.proclaim(value);
    await seen;
    samples.push(millis(began));
    await done;
  }
  await observer.cancel();
  await leader.resign();
  return { samples };
}

module.exports = { handover: handOver, own_lease: ownLease, proclaim, session };
