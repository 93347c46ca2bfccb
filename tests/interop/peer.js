// Node's etcd3 as a partner in the tests: node peer.js ENDPOINT ELECTION
// Obeys JSON lines on stdin, and tells JSON lines on stdout. It ends when stdin does.
'use strict';

const readline = require('readline');
const { Etcd3 } = require('etcd3');

const [endpoint, name] = process.argv.slice(2);
const client = new Etcd3({ hosts: [`http://${endpoint}`] });
const election = client.election(name);
let campaign;

function tell(event, value) {
  process.stdout.write(JSON.stringify({ event, value }) + '\n');
}

const commands = {
  async observe() {
    const observer = await election.observe();
    observer.on('change', (leader) => tell('change', leader === undefined ? null : leader));
    observer.on('error', (error) => tell('error', String(error)));
  },
  async campaign(value) {
    campaign = election.campaign(value);
    campaign.on('elected', () => tell('elected', value));
    campaign.on('error', (error) => tell('error', String(error)));
    await campaign.getCampaignKey();
  },
  async proclaim(value) {
    await campaign.proclaim(value);
  },
  async resign() {
    await campaign.resign();
  },
  async leader() {
    tell('leader', (await election.leader()) || null);
  },
};

readline
  .createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { command, value } = JSON.parse(line);
    try {
      await commands[command](value);
      tell('done', command);
    } catch (error) {
      tell('error', String(error));
    }
  })
  .on('close', () => process.exit(0));
