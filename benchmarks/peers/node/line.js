'use strict';

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

const millis = since => Number(process.hrtime.bigint() - since) / 1e6;

const now = () => process.hrtime.bigint();

/** Waits until that many keys are in line. All harnesses find out in this way. */
async function inLine(client, name, count) {
  while ((await client.getAll().prefix(`election/${name}/`).count()) < count) {
    await sleep(1);
  }
}

/** `campaign.wait()`, which never settles after a resignation, so it is only used before one. */
const elected = campaign => campaign.wait();

module.exports = { elected, inLine, millis, now, sleep };
