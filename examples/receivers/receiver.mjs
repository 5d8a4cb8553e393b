// A receiver with nothing but Node.js 18 or newer. Run with WEBHOOK_SECRET=whsec_… node receiver.mjs
//
// WEBHOOK_SECRET has the secret, or several separated by spaces while it is rotated, newest first. WEBHOOK_PUBLIC_KEY may have
// public keys (v1a), likewise. STATE is the file that it remembers everything in.

import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname } from 'node:path'

const TOLERANCE_SECONDS = 300
const KEPT_MS = 7 * 86_400_000 // ids, and the fence of a card after its end
const LARGEST_BODY = 1_000_000 // messages have 20 kB at most, but a snapshot lists every card
const SHORTEST_SECRET = 24 // bytes: anybody could sign with an empty one
const MOST_SIGNATURES = 16

const words = (name) => (process.env[name] ?? '').split(/\s+/).filter(Boolean)
const secrets = words('WEBHOOK_SECRET').map((text) => Buffer.from(text.replace(/^whsec_/, ''), 'base64'))
const publicKeys = words('WEBHOOK_PUBLIC_KEY').map((text) => {
  const x = Buffer.from(text.replace(/^whpk_/, ''), 'base64').toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
})
if (!secrets.length || secrets.some((secret) => secret.length < SHORTEST_SECRET)) {
  console.error('set WEBHOOK_SECRET to the secret that the gateway has for this receiver, whsec_…; an empty or short one is none')
  process.exit(1)
}

// What is remembered: seen has the time of each webhook-id; cards has {sequence, revision, expires, ended, card} by card_id.
const path = process.env.STATE ?? 'receiver.json'
let state = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { seen: {}, cards: {} }

// The new state takes the place of the old one in one step, and is on the disk before anything is answered.
function save(next) {
  written(`${path}.new`, 'w', (file) => writeFileSync(file, JSON.stringify(next)))
  renameSync(`${path}.new`, path)
  written(dirname(path), 'r', () => {}) // the new name, too
  state = next
}

function written(name, flags, write) {
  const file = openSync(name, flags, 0o600)
  try {
    write(file)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function isGenuine(headers, body) {
  const id = headers['webhook-id'] ?? ''
  const sent = headers['webhook-timestamp'] ?? ''
  if (!id || !/^[0-9]{1,12}$/.test(sent)) return false
  if (Math.abs(Date.now() / 1000 - Number(sent)) > TOLERANCE_SECONDS) return false
  const signed = Buffer.concat([Buffer.from(`${id}.${sent}.`, 'latin1'), body])
  const tokens = (headers['webhook-signature'] ?? '').split(/\s+/).slice(0, MOST_SIGNATURES)
  return tokens.some((token) => matches(token, signed))
}

// Whether one of our keys made this signature. One of a version that we do not know is skipped.
function matches(token, signed) {
  const [version, encoded = ''] = token.split(',', 2)
  const given = Buffer.from(encoded, 'base64')
  if (version === 'v1') {
    const expected = secrets.map((secret) => createHmac('sha256', secret).update(signed).digest())
    return expected.some((one) => one.length === given.length && timingSafeEqual(one, given))
  }
  return version === 'v1a' && given.length === 64 && publicKeys.some((key) => verify(null, signed, key, given))
}

function answer(headers, body) {
  if (!isGenuine(headers, body)) return [401, { error: 'the signature is not valid' }]
  let message
  try {
    message = JSON.parse(body.toString('utf8'))
    if (typeof message.type !== 'string' || typeof message.data !== 'object' || message.data === null) throw new Error()
  } catch {
    return [400, { error: 'this is not a message' }]
  }
  const { type, data } = message
  if (type === 'receiver.challenge') {
    const proof = createHmac('sha256', secrets[0]).update(String(data.nonce)).digest('hex')
    return [200, { nonce: data.nonce, proof }]
  }
  return [200, take(headers['webhook-id'], type, data)]
}

// Do what a verified message says, and answer what is shown now.
function take(id, type, data) {
  const now = Date.now()
  const next = tidied(now)
  if (!Object.hasOwn(next.seen, id)) {
    next.seen[id] = now
    if (type === 'state.snapshot') compare(next, data, now)
    else if (['display', 'take_down'].includes(data.action)) put(next, data, now) // whatever the type
    save(next)
  }
  const entry = next.cards[data.card_id]
  return entry ? { revision: entry.revision, state: entry.card ? 'displayed' : 'removed' } : {}
}

function put(next, data, now) {
  const known = next.cards[data.card_id]
  if (known && data.sequence <= known.sequence) return // the fence
  const expires = data.action === 'display' ? Date.parse(data.expires_at) : null
  const card = expires > now ? data.card : null
  next.cards[data.card_id] = { sequence: data.sequence, revision: data.revision, expires, ended: card ? null : now, card }
}

// Remove what a snapshot does not list, unless it is newer than the snapshot.
function compare(next, snapshot, now) {
  const listed = new Set(snapshot.active.map((one) => one.card_id))
  for (const [id, entry] of Object.entries(next.cards)) {
    if (entry.card && entry.sequence <= snapshot.sequence && !listed.has(id)) {
      next.cards[id] = { ...entry, card: null, ended: now } // delete copies of its pictures here too
    }
  }
}

// The state without the cards whose time is over, and without what ended seven days ago.
function tidied(now) {
  const seen = Object.fromEntries(Object.entries(state.seen).filter(([, at]) => at > now - KEPT_MS))
  const cards = {}
  for (const [id, entry] of Object.entries(state.cards)) {
    const isOver = entry.card && entry.expires <= now
    const kept = isOver ? { ...entry, card: null, ended: now } : entry
    if (kept.ended === null || kept.ended > now - KEPT_MS) cards[id] = kept
  }
  return { seen, cards }
}

// A gateway that cannot reach us cannot tell us that a card is over.
setInterval(() => {
  const now = Date.now()
  if (!Object.values(state.cards).some((entry) => entry.card && entry.expires <= now)) return
  try {
    save(tidied(now))
  } catch (error) {
    console.error(`cards whose time is over could not be removed, which is tried again: ${error}`)
  }
}, 1000)

const server = createServer((request, response) => {
  const reply = (status, content) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(content))
  }
  if (request.method === 'GET') {
    const now = Date.now()
    const shown = Object.values(state.cards).filter((entry) => entry.card && entry.expires > now)
    return reply(200, shown.map((entry) => entry.card))
  }
  if (request.method !== 'POST') return reply(405, {})
  const chunks = []
  let size = 0
  request.on('data', (chunk) => {
    size += chunk.length
    if (size > LARGEST_BODY) request.destroy()
    else chunks.push(chunk)
  })
  request.on('end', () => {
    try {
      reply(...answer(request.headers, Buffer.concat(chunks))) // the raw bytes
    } catch (error) {
      console.error(error)
      reply(500, {}) // the gateway sends the message again
    }
  })
})
server.listen(Number(process.env.PORT ?? 8000), '127.0.0.1')
