// A receiver made with @medplum/hl7, in the enhanced mode when asked for, prints what it gets, a
// line each: node medplum_receive.mjs PORT [enhanced]
import { Hl7Server } from '@medplum/hl7';

const [port, mode] = process.argv.slice(2);
const server = new Hl7Server((connection) => {
  connection.addEventListener('message', ({ message }) => {
    const header = message.header;
    const [code, event] = [header.getComponent(9, 1), header.getComponent(9, 2)];
    console.log(JSON.stringify([code, event, header.getField(10).toString()]));
    connection.send(message.buildAck());
  });
});
server.start(Number(port), undefined, mode === 'enhanced');
