//! The portal: the only code that knows HTML, cookies, forms and public routes. It meets the modules through
//! their interfaces; which implementation stands behind each is known to `wire` alone.

pub mod admin;
pub mod api;
pub mod cli;
pub mod config;
pub mod demo;
pub mod edge;
mod hex;
pub mod mail;
mod moving;
mod ofrep;
mod ops;
pub mod pages;
pub mod portal;
pub mod sandbox;
pub mod serve;
pub mod wire;
