'use strict';

const { provision } = require('./provision');
const { allParts } = require('./parts');
const { attachStack } = require('./handle');
const { openStack } = require('./open');

module.exports = { provision, openStack, attachStack, allParts };
