import { chromium } from '@playwright/test';
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox','--disable-gpu','--disable-quic','--no-first-run','--disable-background-networking','--disable-component-update','--disable-sync'] });
const shots = [['apps','/apps'],['stack','/stack'],['tasks','/tasks'],['audit','/audit']];
for (const [w,h,scheme,locale] of [[1440,900,'light','en-GB'],[390,844,'dark','fr-FR']]) {
  const c = await b.newContext({ viewport: {width:w,height:h}, colorScheme: scheme, locale });
  const p = await c.newPage();
  await p.goto('http://127.0.0.1:19380/');
  await p.waitForTimeout(1500);
  await p.screenshot({ path: `/tmp/shots2/${w}-signin.png` });
  const inputs = p.locator('form input');
  await inputs.first().fill('demo');
  await p.locator('input[type=password]').first().fill('demo');
  await p.keyboard.press('Enter');
  await p.waitForTimeout(2500);
  for (const [n,u] of shots) { await p.goto('http://127.0.0.1:19380'+u); await p.waitForTimeout(2500); await p.screenshot({ path: `/tmp/shots2/${w}-${n}.png`, fullPage: w<500 }); }
  const id = await p.evaluate(async () => (await (await fetch('/api/v1/tasks')).json()).items[0].id);
  await p.goto('http://127.0.0.1:19380/tasks/'+encodeURIComponent(id)); await p.waitForTimeout(2000); await p.screenshot({ path: `/tmp/shots2/${w}-task.png`, fullPage: w<500 });
  await c.close();
}
await b.close();
