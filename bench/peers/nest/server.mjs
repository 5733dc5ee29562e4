// The same RPC as a NestJS gRPC microservice in its own production settings: a guard that verifies the token (with a cache, as ours), a
// ValidationPipe over class-validator, a logger of one pino line a call, and the same mutual TLS. Decorators are applied by hand, so that no
// build is needed; what runs is what they would make.
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials, loadPackageDefinition, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller, Module, UseGuards, UseInterceptors, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, Payload, RpcException, Transport } from '@nestjs/microservices';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsInt, IsUUID, Matches, Max, Min, ValidateNested } from 'class-validator';
import { createLocalJWKSet, jwtVerify } from 'jose';
import pino from 'pino';
import { tap } from 'rxjs';

const { CERTIFICATES, AUTH_ADDRESS, ISSUER, PROTO, GOOGLE, PORT, SAMPLE } = process.env;
const read = (name) => readFileSync(join(CERTIFICATES, name));
const loader = { includeDirs: [PROTO, GOOGLE], longs: String, enums: String, defaults: true };
const decorate = (target, key, ...decorators) => {
  const descriptor = Object.getOwnPropertyDescriptor(target, key);
  for (const decorator of decorators.reverse()) decorator(target, key, descriptor);
};

// Keys, from where ours come.
const auth = loadPackageDefinition(loadSync('moa/auth/v1/auth_service.proto', loader)).moa.auth.v1;
const authClient = new auth.AuthService(AUTH_ADDRESS, credentials.createSsl(read('ca.pem'), read('key.pem'), read('cert.pem')), {
  'grpc.ssl_target_name_override': 'localhost',
});
const keys = createLocalJWKSet(
  await new Promise((resolve, reject) => authClient.getJwks({}, (error, value) => (error ? reject(error) : resolve(value)))),
);

const verified = new Map();
class TokenGuard {
  async canActivate(context) {
    const token = String(context.switchToRpc().getContext().get('authorization')[0] ?? '').replace('Bearer ', '');
    const known = verified.get(token);
    if (known && known.exp * 1000 > Date.now()) return known.roles.includes('USER');
    const { payload } = await jwtVerify(token, keys, { issuer: ISSUER, audience: 'moa', algorithms: ['EdDSA'], typ: 'at+jwt' }).catch(
      () => {
        throw new RpcException({ code: 16, message: 'TOKEN_REFUSED' });
      },
    );
    verified.set(token, payload);
    return payload.roles.includes('USER');
  }
}

const log = pino();
class CallLogger {
  intercept(context, next) {
    const startedMs = performance.now();
    return next.handle().pipe(tap(() => log.info({ rpc: context.getHandler().name, ms: performance.now() - startedMs }, 'ok')));
  }
}

class Money {}
decorate(Money.prototype, 'currencyCode', Matches(/^[A-Z]{3}$/));
decorate(Money.prototype, 'amountMinor', Matches(/^\d+$/));
class PledgeLine {}
decorate(PledgeLine.prototype, 'rewardId', IsUUID());
decorate(PledgeLine.prototype, 'quantity', IsInt(), Min(1), Max(100));
class CreatePledgeRequest {}
for (const key of ['requestId', 'projectId', 'billingMethodId']) decorate(CreatePledgeRequest.prototype, key, IsUUID());
decorate(
  CreatePledgeRequest.prototype,
  'lines',
  ArrayMaxSize(20),
  ValidateNested({ each: true }),
  Type(() => PledgeLine),
);
decorate(
  CreatePledgeRequest.prototype,
  'extra',
  ValidateNested(),
  Type(() => Money),
);

const answer = JSON.parse(SAMPLE);
class PledgeController {
  createPledge() {
    return answer;
  }
}
Reflect.defineMetadata('design:paramtypes', [CreatePledgeRequest], PledgeController.prototype, 'createPledge');
Payload()(PledgeController.prototype, 'createPledge', 0);
decorate(
  PledgeController.prototype,
  'createPledge',
  GrpcMethod('PledgeService', 'CreatePledge'),
  UseGuards(TokenGuard),
  UseInterceptors(CallLogger),
);
Controller()(PledgeController);
class AppModule {}
Module({ controllers: [PledgeController] })(AppModule);

const app = await NestFactory.createMicroservice(AppModule, {
  transport: Transport.GRPC,
  logger: false,
  options: {
    package: 'moa.funding.v1',
    protoPath: 'moa/funding/v1/pledge_service.proto',
    url: `127.0.0.1:${PORT}`,
    loader,
    credentials: ServerCredentials.createSsl(read('ca.pem'), [{ private_key: read('key.pem'), cert_chain: read('cert.pem') }], true),
  },
});
app.useGlobalPipes(new ValidationPipe());
await app.listen();
process.send({ address: `127.0.0.1:${PORT}` });
