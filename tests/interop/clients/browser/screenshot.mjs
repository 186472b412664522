// Opens a page in Chromium, waits until it shows an image, and takes a picture of it.
// node screenshot.mjs CHROMIUM URL PICTURE; prints what the viewport shows as JSON.
import { chromium } from 'playwright-core';

const [executablePath, url, path] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
    '--ignore-gpu-blocklist',
  ],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const failures = [];
  page.on('requestfailed', (one) => failures.push(`${one.url()} ${one.failure()?.errorText}`));
  page.on('response', (one) => {
    if (one.status() >= 400) failures.push(`${one.url()} ${one.status()}`);
  });
  // What the page asks for last: the list of series is there then.
  const thumbnail = page.waitForResponse((one) => one.url().includes('/thumbnail'), {
    timeout: 180000,
  });
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  // A canvas of a viewport that is not black all over has an image on it.
  const bright = () => {
    const canvas = [...document.querySelectorAll('canvas')]
      .sort((one, other) => other.width * other.height - one.width * one.height)[0];
    if (!canvas || canvas.width < 200) return 0;
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [64, 64];
    const context = copy.getContext('2d');
    context.drawImage(canvas, 0, 0, 64, 64);
    const pixels = context.getImageData(0, 0, 64, 64).data;
    let sum = 0;
    for (let at = 0; at < pixels.length; at += 4) sum += pixels[at + 1] > 40 ? 1 : 0;
    return sum;
  };
  let shown = 0;
  for (let round = 0; round < 360 && shown < 100; round += 1) {
    await page.waitForTimeout(500);
    shown = await page.evaluate(bright);
  }
  await (await thumbnail).finished();
  // The tour that greets a new user dims the page.
  await page.getByText('Skip all').click({ timeout: 2000 }).catch(() => {});
  await page.waitForTimeout(500);
  const text = await page.evaluate(() => document.body.innerText);
  await page.screenshot({ path });
  console.log(JSON.stringify({ shown, failures, text }));
} finally {
  await browser.close();
}
