// Reads result lines (peers.h), takes the median of each figure over the rounds, prints one table. Figures are printed, never asserted;
// a target that is missed is marked with "!".
'use strict';
const lines = require('fs').readFileSync(0, 'utf8').split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
const median = (values) => values.sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
const of = (part, who, variant) => lines.filter((l) => l.part === part && l.who === who && l.variant === variant);
const get = (rows, key) => rows.length ? median(rows.map((row) => row[key])) : NaN;
const show = (value, digits) => Number.isNaN(value) ? '-' : value.toFixed(digits);
const times = (value) => show(value, value < 0.1 ? 3 : 2);
let missed = 0;
const judge = (text, isMet) => { if (!isMet) missed++; return text + (isMet ? '' : ' !'); };
const table = (head, rows) => {
  const all = [head, head.map(() => '---'), ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  for (const row of all) console.log('| ' + row.map((cell, i) => cell === '---' ? '-'.repeat(widths[i]) : cell.padEnd(widths[i])).join(' | ') + ' |');
};

const names = { kept: 'page kept', fresh: 'context per visit' };
for (const variant of ['kept', 'fresh']) {
  const rows = {};
  for (const who of ['floor', 'signalbox', 'puppeteer', 'playwright']) rows[who] = of('visits', who, variant);
  if (!rows.floor.length) continue;
  const rate = (who) => get(rows[who], 'wall_s') / get(rows[who], 'count');
  const cpu = (who) => get(rows[who], 'cpu_ms') / get(rows[who], 'count');
  console.log(`\n${get(rows.floor, 'count')} visits over 3 contexts, ${names[variant]}, median of ${rows.floor.length}\n`);
  table(['', 'wall s', '(min-max)', 'p50 ms', 'p99 ms', 'CPU ms', 'RSS MB', 'wall / floor', 'wall / playwright', 'CPU / floor', 'CPU / playwright'],
    Object.entries(rows).map(([who, all]) => {
      const ours = who === 'signalbox', walls = all.map((row) => row.wall_s);
      const toFloor = rate(who) / rate('floor'), toPlaywright = rate(who) / rate('playwright'), cpuTo = cpu(who) / cpu('playwright');
      return [who, show(get(all, 'wall_s'), 2), `${Math.min(...walls).toFixed(1)}-${Math.max(...walls).toFixed(1)}`, show(get(all, 'p50_ms'), 0), show(get(all, 'p99_ms'), 0),
        show(get(all, 'cpu_ms'), 0), judge(show(get(all, 'rss_mb'), 1), !ours || get(all, 'rss_mb') <= 10),
        judge(times(toFloor), !ours || toFloor <= 1.05), judge(times(toPlaywright), !ours || toPlaywright <= 0.75),
        times(cpu(who) / cpu('floor')), judge(times(cpuTo), !ours || cpuTo <= 0.05)];
    }));
}

const pools = ['fifo', 'puppeteer-cluster', 'signalbox'].map((who) => [who, of('pool', who, undefined)]).filter(([, all]) => all.length);
if (pools.length) {
  const fifo = get(of('pool', 'fifo', undefined), 'background_per_s');
  console.log(`\n3 contexts, 20 background jobs always waiting, one posting request a second (${get(pools[0][1], 'asked')} asked), median of ${pools[0][1].length}\n`);
  table(['', 'served', 'wait p50 ms', 'p99 ms', 'max ms', 'background jobs/s', 'of fifo'], pools.map(([who, all]) => {
    const ours = who === 'signalbox', of = (key) => get(all, key);
    return [who, show(of('served'), 0), judge(show(of('p50_ms'), 0), !ours || of('p50_ms') <= 30), judge(show(of('p99_ms'), 0), !ours || of('p99_ms') <= 100),
      judge(show(of('max_ms'), 0), !ours || of('max_ms') <= 500), show(of('background_per_s'), 2),
      judge(times(of('background_per_s') / fifo), !ours || of('background_per_s') / fifo >= 0.98)];
  }));
  for (const row of lines.filter((line) => line.part === 'detail'))
    console.log('  ' + row.who + ': ' + Object.entries(row).filter(([key]) => key !== 'part' && key !== 'who').map(([key, value]) => `${key} ${value}`).join(', '));
}

const noise = lines.filter((line) => line.part === 'noise');
if (noise.length) {
  const spins = noise.map((row) => row.spin_ms), loads = lines.filter((line) => line.part === 'load').map((line) => line.load1);
  console.log(`\nNoise: the same loop took ${Math.min(...spins)} to ${Math.max(...spins)} ms (medians of ${noise.length} looks; within one look p95 up to ` +
    `${Math.max(...noise.map((row) => row.spin_p95_ms))} ms); load of others ${Math.min(...loads)} to ${Math.max(...loads)} of the CPUs.`);
}
console.log(`${missed} figures miss their target (marked "!").`);
