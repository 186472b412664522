// simple-hl7 sends messages over one connection: node simple_send.mjs PORT FILE...
import { readFileSync } from 'node:fs';
import hl7 from 'simple-hl7';

const [port, ...files] = process.argv.slice(2);
const client = hl7.Server.createTcpClient({
  host: '127.0.0.1',
  port: Number(port),
  keepalive: true,
  callback: () => {},
});
const parser = new hl7.Parser({ segmentSeperator: '\r' });

const send = (message) =>
  new Promise((resolve, reject) => {
    client.send(message, (error, ack) => (error ? reject(error) : resolve(ack)));
  });

const told = [];
for (const file of files) {
  const ack = await send(parser.parse(readFileSync(file, 'utf8').trimEnd()));
  const msa = ack.getSegment('MSA');
  told.push([msa.getField(1), msa.getField(2)]);
}
client.close();
console.log(JSON.stringify(told));
