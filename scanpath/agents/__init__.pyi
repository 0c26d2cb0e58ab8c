from .agent import Agent as Agent
from .agent import PriorityAgent as PriorityAgent
from .catalog import create_agent as create_agent
from .catalog import list_agents as list_agents
from .episode import run_episode as run_episode
