// The same visits and the same pool through other people's libraries, each in a process of its own.
//
//   node peers.js playwright|puppeteer kept|fresh BASE COUNT
//   node peers.js cluster BASE SECONDS
//
// PEERS is the folder they were installed into, CHROMIUM the browser. Every library runs with its own defaults; only the sandbox is off
// for root, as everywhere here. A result is one line of JSON, as peers.h says.
'use strict';
const fs = require('fs');
const path = require('path');

const CONTEXTS = 3, ROWS = 20, STEPS = 4, WAITING = 20, WARM_UP_MS = 4000;
const executablePath = process.env.CHROMIUM;
const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
const library = (name) => require(path.join(process.env.PEERS, 'node_modules', name));
const now = () => Number(process.hrtime.bigint()) / 1e6;
const at = (sorted, permille) => sorted.length ? sorted[Math.floor((sorted.length - 1) * permille / 1000)] : 0;
const tell = (result) => console.log(JSON.stringify(result));

function peakMb() {
  return Number(/VmHWM:\s*(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) * 1024 / 1e6;
}

// As peer_step_ms() in main.c.
function stepMs(number) {
  let x = Math.imul(number, 0x9e3779b1) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
  return 100 + ((x ^ (x >>> 16)) >>> 0) % 501;
}

async function readRows(page, base) {
  await page.goto(base + '/rows', { waitUntil: 'load' });
  const found = await page.evaluate(() => ({
    title: document.title,
    rows: Array.from(document.querySelectorAll('.item')).map((e) => ({
      author: e.querySelector('a').innerText, text: e.querySelector('.body').innerText, id: e.getAttribute('data-id') })),
  }));
  const json = JSON.stringify(found);
  if (found.rows.length !== ROWS || !json.includes('"p20"')) throw new Error('the page was not read: ' + json);
  return json;
}

const libraries = {
  playwright: {
    launch: () => library('playwright-core').chromium.launch({ executablePath, args, headless: true }),
    context: (browser) => browser.newContext(),
  },
  puppeteer: {
    launch: () => library('puppeteer-core').launch({ executablePath, args, headless: 'shell' }),
    context: (browser) => browser.createBrowserContext(),
  },
};

async function visits(who, variant, base, count) {
  const { launch, context } = libraries[who];
  const browser = await launch();
  const keeps = variant === 'kept';
  const each = [];
  const open = async () => {
    const fresh = await context(browser);
    return { context: fresh, page: await fresh.newPage() };
  };
  const pages = [];
  for (let i = 0; i < CONTEXTS; i++) { // the first ones start caches and processes
    const opened = await open();
    await readRows(opened.page, base);
    if (keeps) pages.push(opened); else await opened.context.close();
  }
  let next = 0;
  const began = now(), cpu = process.cpuUsage();
  await Promise.all(Array.from({ length: CONTEXTS }, async (_, i) => {
    while (next < count) {
      next++;
      const start = now();
      const opened = keeps ? pages[i] : await open();
      await readRows(opened.page, base);
      if (!keeps) await opened.context.close();
      each.push(now() - start);
    }
  }));
  const wall = now() - began, used = process.cpuUsage(cpu);
  each.sort((a, b) => a - b);
  tell({ part: 'visits', who, variant, count, wall_s: wall / 1000, p50_ms: at(each, 500), p99_ms: at(each, 990),
    cpu_ms: (used.user + used.system) / 1000, rss_mb: peakMb() });
  await browser.close();
}

async function pool(base, seconds) {
  const { Cluster } = library('puppeteer-cluster');
  const cluster = await Cluster.launch({
    concurrency: Cluster.CONCURRENCY_CONTEXT, maxConcurrency: CONTEXTS, puppeteer: library('puppeteer-core'), timeout: 120000,
    puppeteerOptions: { executablePath, args, headless: 'shell' },
  });
  const waits = [];
  let asked = 0, background = 0, numbers = 0, isMeasured = false, isOver = false;
  const fail = (error) => { if (!isOver) { console.error('peers: ' + error.message); process.exit(1); } };
  cluster.on('taskerror', fail);
  const askBackground = () => {
    const number = numbers++;
    cluster.queue(null, async ({ page }) => {
      for (let step = 0; step < STEPS && !isOver; step++) {
        await page.goto(`${base}/step?ms=${stepMs(number * STEPS + step)}`, { waitUntil: 'load' });
        await page.waitForSelector('#done', { visible: true });
      }
      if (isMeasured) background++;
      if (!isOver) askBackground();
    });
  };
  const askPosting = () => {
    const from = now();
    asked++;
    cluster.queue(null, async ({ page }) => {
      if (isOver) return;
      waits.push(now() - from);
      await readRows(page, base);
    });
  };
  for (let i = 0; i < WAITING + CONTEXTS; i++) askBackground();
  const start = now() + WARM_UP_MS;
  const until = (when) => new Promise((resolve) => setTimeout(resolve, Math.max(0, when - now())));
  await until(start);
  isMeasured = true;
  for (let i = 0; i < seconds; i++) {
    askPosting();
    await until(start + (i + 1) * 1000);
  }
  isMeasured = false;
  isOver = true;
  waits.sort((a, b) => a - b);
  tell({ part: 'pool', who: 'puppeteer-cluster', asked, served: waits.length, p50_ms: at(waits, 500), p99_ms: at(waits, 990),
    max_ms: at(waits, 1000), background_per_s: background / seconds });
  await cluster.close();
}

const [what, ...rest] = process.argv.slice(2);
const work = what === 'cluster' ? pool(rest[0], Number(rest[1])) : visits(what, rest[0], rest[1], Number(rest[2]));
work.then(() => process.exit(0), (error) => { console.error('peers: ' + error.stack); process.exit(1); });
