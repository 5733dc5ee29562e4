// A room of Socket.IO as it comes, over WebSockets without TLS: what somebody publishes goes to everybody in it. Nothing is kept.
import { Server } from 'socket.io';

const io = new Server(0, { transports: ['websocket'], perMessageDeflate: false });
io.on('connection', (socket) => {
  socket.join('room');
  socket.on('publish', (message, done) => {
    io.to('room').emit('message', message);
    done();
  });
});
io.httpServer.on('listening', () => process.send({ address: `http://127.0.0.1:${io.httpServer.address().port}` }));
if (io.httpServer.listening) process.send({ address: `http://127.0.0.1:${io.httpServer.address().port}` });
