// The same no-op jobs through other people's queues, each worker alone in a process of its own.
//
//   node peers.js PEER runs AT_ONCE COUNT      a backlog of COUNT jobs, made by another process before the worker starts
//   node peers.js PEER latency COUNT           jobs of another process, one by one with pauses; then for a second as fast as one client can
//
// PEERS is the folder they were installed into, DATABASE an empty PostgreSQL database as a URL, REDIS the path of an empty Redis' socket. A
// result is one line, `PART key=value ...`. A job that runs twice, or is lost, is an error; what takes longer than LIMIT_MS is counted as
// far as it came.
'use strict';
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');
const { fork } = require('child_process');

const LIMIT_MS = 6000, AT_ONCE = 10, FAST_MS = 1000, CHUNK = 500, BATCH = 100, LOCAL_QUEUE = 500;
const library = createRequire(path.join(process.env.PEERS, 'package.json'));
const now = () => process.hrtime.bigint(); // the monotonic clock, which processes share
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const tell = (part, figures) => console.log(`${part} ` + Object.entries(figures).map(([key, value]) => `${key}=${value.toFixed(3)}`).join(' '));

function memoryMib(key) {
  return Number(new RegExp(`${key}:\\s*(\\d+)`).exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
}

async function countRows(sql) {
  if (!countRows.pool) countRows.pool = new (library('pg').Pool)({ connectionString: process.env.DATABASE, max: 1 });
  return Number((await countRows.pool.query(sql)).rows[0].n);
}

// ---- the peers: how jobs are put in (add, addMany), how they are worked on (work), how many are not over (left) ----

function graphile(isFast) {
  const connectionString = process.env.DATABASE;
  const { makeWorkerUtils, run, Logger } = library('graphile-worker');
  const logger = new Logger(() => () => {});
  let utils;
  return {
    pauses: [10, 30],
    async open() {
      utils = await makeWorkerUtils({ connectionString, logger });
      await utils.migrate();
    },
    add: (data) => utils.addJob('noop', data),
    addMany: (list) => utils.addJobs(list.map((payload) => ({ identifier: 'noop', payload }))),
    work: (run_one, atOnce) => run({
      taskList: { noop: async (payload) => run_one(payload) }, noHandleSignals: true, logger,
      preset: { worker: { connectionString, concurrentJobs: atOnce, maxPoolSize: atOnce + 2, // as its documentation advises
        ...(isFast ? { localQueue: { size: LOCAL_QUEUE }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } : {}) } },
    }),
    left: () => countRows('SELECT count(*) AS n FROM graphile_worker.jobs'),
  };
}

function pgBoss(isFast) {
  const { PgBoss } = library('pg-boss');
  const boss = new PgBoss({ connectionString: process.env.DATABASE, ...(isFast ? { useListenNotify: true } : {}) });
  boss.on('error', (error) => { throw error; });
  return {
    pauses: isFast ? [10, 30] : [400, 800], // it looks every two seconds for one job
    async open() {
      await boss.start();
      await boss.createQueue('noop', isFast ? { notify: true } : {});
    },
    add: (data) => boss.send('noop', data),
    addMany: (list) => boss.insert('noop', list.map((data) => ({ data }))),
    work: (run_one, atOnce) => boss.work('noop', isFast
      ? { batchSize: BATCH, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 } // one worker: two were slower
      : { localConcurrency: atOnce }, async (jobs) => { for (const job of jobs) run_one(job.data); }),
    left: () => countRows("SELECT count(*) AS n FROM pgboss.job WHERE name = 'noop' AND state < 'completed'"),
  };
}

function bullmq(inPostgres) {
  const { Queue, Worker, createPostgresBackend } = library('bullmq');
  const connection = inPostgres ? { connectionString: process.env.DATABASE, migrate: true } : { path: process.env.REDIS };
  const backend = inPostgres ? [createPostgresBackend] : [];
  let queue;
  return {
    pauses: [10, 30],
    async open() {
      queue = new Queue('noop', { connection }, ...backend);
      await queue.waitUntilReady();
    },
    add: (data) => queue.add('noop', data),
    addMany: (list) => queue.addBulk(list.map((data) => ({ name: 'noop', data }))),
    async work(run_one, atOnce) {
      const worker = new Worker('noop', async (job) => run_one(job.data), { connection, concurrency: atOnce }, ...backend);
      worker.on('error', (error) => { throw error; });
      await worker.waitUntilReady();
    },
    left: async () => Object.values(await queue.getJobCounts('wait', 'active', 'delayed', 'prioritized', 'failed')).reduce((a, b) => a + b, 0),
  };
}

const peers = {
  'graphile': () => graphile(false), 'graphile-fast': () => graphile(true),
  'pgboss': () => pgBoss(false), 'pgboss-fast': () => pgBoss(true),
  'bullmq': () => bullmq(false), 'bullmq-postgres': () => bullmq(true),
};

// ---- what is measured ----

// The other process: fills the queue, or asks for jobs one by one.
async function produce(name, what, count) {
  const peer = peers[name]();
  await peer.open();
  if (what === 'fill') {
    for (let i = 0; i < count; i += CHUNK)
      await peer.addMany(Array.from({ length: Math.min(CHUNK, count - i) }, (_, k) => ({ i: i + k })));
    process.exit(0);
  }
  process.send('ready');
  await new Promise((resolve) => process.once('message', resolve));
  let mix = 1;
  for (let i = 0; i < count; i++) {
    mix = (Math.imul(mix, 1664525) + 1013904223) >>> 0;
    await pause(peer.pauses[0] + (mix >>> 16) % (peer.pauses[1] - peer.pauses[0] + 1));
    await peer.add({ i, sent: String(now()) });
  }
  const began = now();
  let asked = 0;
  while (now() - began < BigInt(FAST_MS) * 1000000n) await peer.add({ i: count + asked++ });
  process.send({ asked: asked / (Number(now() - began) / 1e9) });
  process.exit(0);
}

function other(name, what, count) {
  return fork(__filename, [name, 'produce', what, String(count)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}
const message = (child) => new Promise((resolve, reject) => {
  child.once('message', resolve);
  child.once('exit', (code) => reject(new Error(`the other process ended with ${code}`)));
});

async function runs(name, atOnce, count) {
  const code = await new Promise((resolve) => other(name, 'fill', count).once('exit', resolve));
  if (code !== 0) throw new Error(`filling the queue ended with ${code}`);
  const peer = peers[name]();
  await peer.open();
  const seen = new Uint8Array(count);
  let done = 0, began = 0n, allRan;
  const ran = new Promise((resolve) => { allRan = resolve; });
  await peer.work((data) => {
    if (began === 0n) began = now();
    if (seen[data.i]++) throw new Error(`job ${data.i} ran twice`);
    if (++done === count) allRan();
  }, atOnce);
  await Promise.race([ran, pause(LIMIT_MS)]);
  while (done === count && await peer.left() > 0) await pause(5);
  const seconds = Number(now() - began) / 1e9;
  if (seen.some((times) => times > 1)) throw new Error('a job ran twice');
  tell('runs', { at_once: atOnce, rate: done / seconds, peak_mib: memoryMib('VmHWM') });
}

async function latency(name, count) {
  const peer = peers[name]();
  await peer.open();
  const waits = [];
  let all;
  const ran = new Promise((resolve) => { all = resolve; });
  await peer.work((data) => {
    const at = now();
    if (data.sent !== undefined && waits.push(Number(at - BigInt(data.sent)) / 1e6) === count) all();
  }, AT_ONCE);
  const child = other(name, 'ask', count);
  await message(child);
  const idle = memoryMib('VmRSS');
  child.send('go');
  const { asked } = await message(child);
  await ran;
  waits.sort((a, b) => a - b);
  const at = (permille) => waits[Math.min(waits.length - 1, Math.floor(waits.length * permille / 1000))];
  tell('latency', { p50_ms: at(500), p99_ms: at(990), asked_rate: asked, idle_mib: idle, peak_mib: memoryMib('VmHWM') });
}

const [name, what, ...rest] = process.argv.slice(2);
const work = what === 'produce' ? produce(name, rest[0], Number(rest[1]))
  : what === 'runs' ? runs(name, Number(rest[0]), Number(rest[1])) : latency(name, Number(rest[0]));
work.then(() => process.exit(0), (error) => { console.error('queues: ' + error.stack); process.exit(1); });
