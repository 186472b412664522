// A receiver made with simple-hl7: prints what it gets, a line each: node simple_receive.mjs PORT
import hl7 from 'simple-hl7';

const server = hl7.tcp();
server.use((request, response) => {
  console.log(JSON.stringify([request.type, request.event, request.msg.header.getField(8)]));
  response.end();
});
server.start(Number(process.argv[2]));
