// Node's etcd3 behind the benchmark's line protocol: one JSON request a line on stdin, one JSON answer a line on
// stdout. It is used as its documentation shows; times are taken here, in this process.
'use strict';

const readline = require('readline');
const { Etcd3 } = require('etcd3');
const single = require('./single');
const many = require('./many');

const commands = { ...single, ...many };

async function obey(peer, line) {
  const asked = JSON.parse(line);
  const command = commands[asked.do];
  if (command === undefined) {
    return { unsupported: 'etcd3 has no counterpart' };
  }
  try {
    return await command(peer, asked);
  } catch (error) {
    return { error: String(error) };
  }
}

async function main() {
  // Two clients with a connection each, for the two sides of a hand-over.
  const hosts = `http://${process.argv[2]}`;
  const peer = { a: new Etcd3({ hosts }), b: new Etcd3({ hosts }) };
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await obey(peer, line)) + '\n');
  }
  process.exit(0);
}

main();
