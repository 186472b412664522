// Calls the gateway with every request that a modality or a workstation makes of it, one
// association each, and says what came back: node story.mjs PORT FILE STUDY
// (the study of the order; the file has one of its own)
import dimse from 'dcmjs-dimse';

const { Client, Dataset, requests, responses, constants } = dimse;
const { Status } = constants;
const [port, file, study] = process.argv.slice(2);
// CT_small.dcm of pydicom.
const held = '1.3.6.1.4.1.5962.1.2.1.20040119072730.12322';
const STEP = constants.SopClass.ModalityPerformedProcedureStep;
const STEP_UID = '2.25.318475926';

const plain = (dataset) => JSON.parse(JSON.stringify(dataset.getElements()));

function call(request, got = []) {
  return new Promise((resolve, reject) => {
    const client = new Client();
    const answers = { statuses: [], found: [], got };
    request.on('response', (response) => {
      answers.statuses.push(response.getStatus());
      if (response.hasDataset()) {
        answers.found.push(plain(response.getDataset()));
      }
    });
    client.on('cStoreRequest', (stored, callback) => {
      got.push(stored.getDataset().getElement('SOPInstanceUID'));
      const response = responses.CStoreResponse.fromRequest(stored);
      response.setStatus(Status.Success);
      callback(response);
    });
    client.on('networkError', reject);
    client.on('associationRejected', reject);
    client.on('closed', () => resolve(answers));
    client.addRequest(request);
    client.send('127.0.0.1', Number(port), 'DCMJS', 'GATEWAY');
  });
}

function told(request, elements) {
  request.setDataset(new Dataset(elements));
  return call(request);
}

const scheduled = {
  StudyInstanceUID: study,
  AccessionNumber: 'DCMJS1',
  ScheduledProcedureStepID: '',
};
console.log(JSON.stringify({
  echo: await call(new requests.CEchoRequest()),
  store: await call(new requests.CStoreRequest(file)),
  find: await call(requests.CFindRequest.createStudyFindRequest({
    PatientID: '1CT1', PatientName: '', StudyInstanceUID: '',
  })),
  get: await call(requests.CGetRequest.createStudyGetRequest(held)),
  move: await call(requests.CMoveRequest.createStudyMoveRequest('STORESCP', held)),
  lost: await call(requests.CMoveRequest.createStudyMoveRequest('NOWHERE', held)),
  worklist: await call(requests.CFindRequest.createWorklistFindRequest({
    AccessionNumber: 'DCMJS1', PatientName: '',
    ScheduledProcedureStepSequence: [{ Modality: 'CT' }],
  })),
  create: await told(new requests.NCreateRequest(STEP, STEP_UID), {
    PerformedProcedureStepStatus: 'IN PROGRESS',
    PerformedProcedureStepStartDate: '20260706',
    PerformedProcedureStepStartTime: '091500',
    PerformedStationAETitle: 'DCMJS',
    Modality: 'CT',
    PatientID: '4711',
    ScheduledStepAttributesSequence: [scheduled],
  }),
  set: await told(new requests.NSetRequest(STEP, STEP_UID), {
    PerformedProcedureStepStatus: 'COMPLETED',
    PerformedProcedureStepEndDate: '20260706',
    PerformedProcedureStepEndTime: '093000',
  }),
}));
