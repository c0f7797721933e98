//! Two sides and what they have to say.

use uuid::Uuid;
use winsta_psrp::client::{self, PoolOptions};
use winsta_psrp::message::{CreatePipeline, PowerShell};
use winsta_psrp::server::{self, PipelineEvent, PoolConfig, PoolEvent};
use winsta_psrp::{PipelineId, PoolId, Stream};

pub(crate) const POOL: PoolId = PoolId(Uuid::from_u128(0xaa));
pub(crate) const PIPELINE: PipelineId = PipelineId(Uuid::from_u128(0xbb));

pub(crate) struct Pair {
    pub(crate) client: client::RunspacePool,
    pub(crate) server: server::RunspacePool,
}

impl Pair {
    pub(crate) fn new(options: PoolOptions, config: PoolConfig) -> Self {
        let mut client = client::RunspacePool::new(POOL, options);
        client.open();
        Self {
            client,
            server: server::RunspacePool::new(config),
        }
    }

    /// A pool that is open, and all is said about that.
    pub(crate) fn open() -> Self {
        let mut pair = Self::new(PoolOptions::default(), PoolConfig::default());
        let [PoolEvent::Opening(_)] = &pair.client_speaks()[..] else {
            panic!("the client wants a pool");
        };
        pair.server.open();
        assert_eq!(
            pair.server_speaks().last(),
            Some(&client::PoolEvent::Opened)
        );
        pair
    }

    pub(crate) fn client_speaks(&mut self) -> Vec<PoolEvent> {
        for stream in [Stream::Default, Stream::PromptResponse] {
            while let Some(bytes) = self.client.take(stream, 500) {
                self.server.handle(stream, &bytes).unwrap();
            }
        }
        std::iter::from_fn(|| self.server.poll_event()).collect()
    }

    pub(crate) fn server_speaks(&mut self) -> Vec<client::PoolEvent> {
        while let Some(bytes) = self.server.take(500) {
            self.client.handle(&bytes).unwrap();
        }
        std::iter::from_fn(|| self.client.poll_event()).collect()
    }

    /// The server's process dies, and another goes on with what it left.
    pub(crate) fn crash(&mut self) {
        let kept = serde_json::to_string(&self.server.snapshot()).unwrap();
        let kept = serde_json::from_str(&kept).unwrap();
        self.server = server::RunspacePool::restore(kept, PoolConfig::default()).unwrap();
    }

    /// A pipeline that runs, on both sides.
    pub(crate) fn start(&self, create: CreatePipeline) -> Running {
        let mut running = Running {
            client: client::Pipeline::create(&self.client, PIPELINE, create),
            server: server::Pipeline::new(&self.server, PIPELINE),
        };
        let [PipelineEvent::Created(_)] = &running.client_speaks()[..] else {
            panic!("the client wants a pipeline");
        };
        running
    }
}

pub(crate) struct Running {
    pub(crate) client: client::Pipeline,
    pub(crate) server: server::Pipeline,
}

impl Running {
    pub(crate) fn client_speaks(&mut self) -> Vec<PipelineEvent> {
        for stream in [Stream::Default, Stream::PromptResponse] {
            while let Some(bytes) = self.client.take(stream, 500) {
                self.server.handle(stream, &bytes).unwrap();
            }
        }
        std::iter::from_fn(|| self.server.poll_event()).collect()
    }

    pub(crate) fn server_speaks(&mut self) -> Vec<client::PipelineEvent> {
        while let Some(bytes) = self.server.take(500) {
            self.client.handle(&bytes).unwrap();
        }
        std::iter::from_fn(|| self.client.poll_event()).collect()
    }
}

pub(crate) fn script() -> CreatePipeline {
    CreatePipeline::new(PowerShell::script("ls"))
}
