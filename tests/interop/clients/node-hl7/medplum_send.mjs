// @medplum/hl7 sends messages over one connection: node medplum_send.mjs PORT first|application FILE...
import { readFileSync } from 'node:fs';
import { Hl7Message } from '@medplum/core';
import { Hl7Client } from '@medplum/hl7';

const [port, returnAck, ...files] = process.argv.slice(2);
const client = new Hl7Client({ host: '127.0.0.1', port: Number(port), keepAlive: true });

const told = [];
for (const file of files) {
  const message = Hl7Message.parse(readFileSync(file, 'utf8'));
  const ack = await client.sendAndWait(message, { returnAck, timeoutMs: 20000 });
  const msa = ack.getSegment('MSA');
  told.push([msa.getField(1).toString(), msa.getField(2).toString()]);
}
await client.close();
console.log(JSON.stringify(told));
